/** Keeps what a test run printed about each failure, to show it again at the end, where a long log is read first. */

/** Of one failure; its end, where the error and its place stand. */
const LINES_EACH = 45;
/** The first ones: what fails later is often their consequence. */
const FAILURES_MAX = 12;
const RESULT = /^\((pass|fail|skip|todo)\) /;

export class Failures {
  #block: string[] = [];
  #file = "";
  /** The runner names all failures once more at its end. */
  readonly #seen = new Set<string>();
  readonly #kept: string[] = [];

  /** @param line without its end, in the order of their coming */
  add(line: string): void {
    if (/^\S+\.test\.ts:$/.test(line)) this.#file = line.slice(0, -1);
    if (line.startsWith("(fail) ") && !this.#seen.has(line)) this.#keep(line);
    if (RESULT.test(line)) this.#block = [];
    else this.#block.push(line);
    if (this.#block.length > LINES_EACH) this.#block.shift();
  }

  /** Empty when nothing failed. */
  summary(): string[] {
    if (this.#seen.size === 0) return [];
    const more = this.#seen.size - this.#kept.length;
    return [
      "",
      "What failed, in the order of its coming:",
      ...this.#kept,
      ...(more > 0 ? [`… and ${more} more, above.`] : []),
    ];
  }

  #keep(line: string): void {
    this.#seen.add(line);
    if (this.#kept.length < FAILURES_MAX)
      this.#kept.push([`── ${this.#file}`, ...this.#block, line, ""].join("\n"));
  }
}

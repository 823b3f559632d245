import type { FileJob } from "./job.ts";

const NEWLINE = 10;

/** The helper's input: lines of JSON, and bytes between and after them. */
export class JobInput {
  readonly #chunks: AsyncIterator<Uint8Array>;
  #left: Uint8Array = new Uint8Array();

  constructor(input: AsyncIterable<Uint8Array>) {
    this.#chunks = input[Symbol.asyncIterator]();
  }

  async job(): Promise<FileJob> {
    return (await this.line()) as FileJob;
  }

  async line(): Promise<unknown> {
    const line: Uint8Array[] = [];
    for (;;) {
      const chunk = await this.#next();
      const end = chunk.indexOf(NEWLINE);
      line.push(end < 0 ? chunk : chunk.subarray(0, end));
      if (end < 0) continue;
      this.#left = chunk.subarray(end + 1);
      return JSON.parse(Buffer.concat(line).toString("utf8"));
    }
  }

  async bytes(count: number): Promise<Uint8Array> {
    const all = new Uint8Array(count);
    for (let have = 0; have < count; ) {
      const chunk = await this.#next();
      const taken = chunk.subarray(0, count - have);
      all.set(taken, have);
      have += taken.byteLength;
      this.#left = chunk.subarray(taken.byteLength);
    }
    return all;
  }

  async *rest(): AsyncGenerator<Uint8Array> {
    if (this.#left.byteLength > 0) yield this.#left;
    for (let next = await this.#chunks.next(); !next.done; next = await this.#chunks.next()) yield next.value;
  }

  async #next(): Promise<Uint8Array> {
    const left = this.#left;
    this.#left = new Uint8Array();
    if (left.byteLength > 0) return left;
    const { done, value } = await this.#chunks.next();
    if (done) throw new Error("the input of the helper ends early");
    return value;
  }
}

import type { ProgressLine } from "#spec/docker/images.ts";

/** Lines somebody adds, for one reader; bars of the same blob that wait are replaced by the newest. */
export class ProgressLines implements AsyncIterable<ProgressLine> {
  #waiting: ProgressLine[] = [];
  #wake = Promise.withResolvers<void>();
  #hasEnded = false;

  add(line: ProgressLine): void {
    const last = this.#waiting.findIndex(({ id, progressDetail }) => progressDetail && id === line.id);
    if (line.progressDetail && last >= 0) this.#waiting[last] = line;
    else this.#waiting.push(line);
    this.#wake.resolve();
  }

  end(): void {
    this.#hasEnded = true;
    this.#wake.resolve();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<ProgressLine> {
    for (;;) {
      await this.#wake.promise;
      this.#wake = Promise.withResolvers();
      const lines = this.#waiting;
      this.#waiting = [];
      yield* lines;
      if (this.#hasEnded && this.#waiting.length === 0) return;
      if (this.#hasEnded || this.#waiting.length > 0) this.#wake.resolve();
    }
  }
}

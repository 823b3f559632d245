/**
 * Reads a source before it is asked to, so that who makes the values need not wait for who takes them.
 * @param max values that may wait; with as many the source rests
 */
export class ReadAhead<T> {
  readonly #next: () => Promise<T>;
  readonly #max: number;
  readonly #ready: Promise<T>[] = [];
  #last: Promise<unknown> = Promise.resolve();

  constructor(next: () => Promise<T>, max: number) {
    this.#next = next;
    this.#max = max;
  }

  /** The next value, in order. */
  async take(): Promise<T> {
    this.#fill();
    const value = await this.#ready[0]!;
    this.#ready.shift();
    this.#fill();
    return value;
  }

  /** Each is asked for when the one before has come: a source has one reader. */
  #fill(): void {
    while (this.#ready.length < this.#max) {
      const value = this.#last.then(this.#next);
      value.catch(() => {}); // heard of by who takes it, if anybody does
      this.#last = value;
      this.#ready.push(value);
    }
  }
}

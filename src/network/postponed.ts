/** Once for all reasons that come within a while. */
export class Postponed {
  readonly #afterMs: number;
  readonly #work: () => void;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(afterMs: number, work: () => void) {
    this.#afterMs = afterMs;
    this.#work = work;
  }

  soon(onFailure: (error: unknown) => void): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      try {
        this.#work();
      } catch (error) {
        onFailure(error);
      }
    }, this.#afterMs);
  }

  cancel(): void {
    clearTimeout(this.#timer);
  }
}

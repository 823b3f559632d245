import { dirname } from "node:path";
import { watchDirectory } from "#base/watch-directory.ts";

/** Looks anyway after this long: a change the kernel did not tell of is only late, never lost. */
const LOOK_AGAIN_MS = 1000;

/** Tells a reader at the end of a log that it may go on: something changed, the container ended, or time passed. */
export class LogFollower implements Disposable {
  readonly #watcher: Disposable;
  #changed = false;
  #wake: (() => void) | undefined;
  #hasEnded = false;

  /**
   * @param path of the current log file; its directory is watched, since a rotation replaces the file
   * @param ended resolves when the container ended and its last output is in the file
   */
  constructor(path: string, ended: Promise<unknown>, signal: AbortSignal) {
    this.#watcher = watchDirectory(dirname(path), () => this.#notify());
    const end = () => {
      this.#hasEnded = true;
      this.#notify();
    };
    void ended.then(end, end);
    if (signal.aborted) end();
    signal.addEventListener("abort", end, { once: true });
  }

  /** Nothing will be written any more: one more read finds the rest. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  async nextChange(): Promise<void> {
    if (!this.#changed && !this.#hasEnded)
      await new Promise<void>((wake) => {
        const timer = setTimeout(wake, LOOK_AGAIN_MS);
        this.#wake = () => {
          clearTimeout(timer);
          wake();
        };
      });
    this.#changed = false;
    this.#wake = undefined;
  }

  [Symbol.dispose](): void {
    this.#watcher[Symbol.dispose]();
    this.#wake?.();
  }

  #notify(): void {
    this.#changed = true;
    this.#wake?.();
  }
}

import { setImmediate } from "node:timers/promises";

/**
 * Long work in small steps beside requests that somebody waits for. Steps whose answers come from other threads can
 * follow each other for long without the event loop looking at its sockets and timers even once: whoever does such work
 * looks here between two steps.
 */
export class Turns {
  readonly #turnMs: number;
  #beganMs = Number.NEGATIVE_INFINITY;
  #next: Promise<void> | undefined;

  /** @param turnMs how long all who share this may work before everything else on the thread gets its turn */
  constructor(turnMs: number) {
    this.#turnMs = turnMs;
  }

  get isOver(): boolean {
    return performance.now() - this.#beganMs >= this.#turnMs;
  }

  /** Resolves when everything else has had its turn. */
  next(): Promise<void> {
    this.#next ??= setImmediate().then(() => {
      this.#beganMs = performance.now();
      this.#next = undefined;
    });
    return this.#next;
  }
}

import { Cancelled } from "#base/errors.ts";
import type { WaitCondition, WaitResult } from "./types.ts";

interface Waiter {
  readonly condition: WaitCondition;
  readonly resolve: (result: WaitResult) => void;
}

/** Who waits for one container's end or removal. */
export class Waiters {
  readonly #waiting = new Set<Waiter>();

  /** From this call on nothing is missed. @returns rejects with Cancelled when the signal fires */
  add(condition: WaitCondition, signal?: AbortSignal): Promise<WaitResult> {
    const { promise, resolve, reject } = Promise.withResolvers<WaitResult>();
    const waiter: Waiter = { condition, resolve };
    this.#waiting.add(waiter);
    const leave = () => {
      this.#waiting.delete(waiter);
      reject(new Cancelled("wait: the client has gone"));
    };
    signal?.addEventListener("abort", leave, { once: true });
    if (signal?.aborted) leave();
    return promise;
  }

  notifyExit(result: WaitResult): void {
    this.#notify(result, (waiter) => waiter.condition !== "removed");
  }

  /** Ends every wait: what is removed neither ends nor is removed again. */
  notifyRemoved(result: WaitResult): void {
    this.#notify(result, () => true);
  }

  /** Who waits for the removal hears why it did not come. */
  notifyRemovalFailed(result: WaitResult): void {
    this.#notify(result, (waiter) => waiter.condition === "removed");
  }

  #notify(result: WaitResult, concerns: (waiter: Waiter) => boolean): void {
    for (const waiter of this.#waiting) {
      if (!concerns(waiter)) continue;
      this.#waiting.delete(waiter);
      waiter.resolve(result);
    }
  }
}

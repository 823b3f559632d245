import { setImmediate } from "node:timers/promises";
import { throwIfAborted } from "#base/async.ts";
import { Cancelled } from "#base/errors.ts";

export interface Join<P> {
  readonly signal?: AbortSignal;
  readonly onProgress?: (progress: P) => void;
}

type Work<P> = (signal: AbortSignal, report: (progress: P) => void) => Promise<void>;

interface Flight<P> {
  readonly result: Promise<void>;
  readonly abort: AbortController;
  readonly joined: Set<Join<P>>;
}

/**
 * Work that several callers may want at once: it is done once, all hear its progress, and it is given up only when
 * the last of them has gone. A caller that joined work of another which then fails does it itself: the other's
 * credentials may have been the reason.
 */
export class SharedWork<P> {
  readonly #flights = new Map<string, Flight<P>>();

  async run(key: string, join: Join<P>, work: Work<P>): Promise<void> {
    for (;;) {
      throwIfAborted(join.signal, key);
      const flying = this.#flights.get(key);
      try {
        return await this.#wait(flying ?? this.#start(key, work), join);
      } catch (error) {
        if (!flying || join.signal?.aborted) throw error;
        await setImmediate(); // whoever began it may be about to give us up as well
      }
    }
  }

  /** Resolves when nothing is under way; what is, is given up. */
  async close(): Promise<void> {
    const flights = [...this.#flights.values()];
    for (const { abort } of flights) abort.abort(new Error("the engine is shutting down"));
    await Promise.allSettled(flights.map(({ result }) => result));
  }

  #start(key: string, work: Work<P>): Flight<P> {
    const abort = new AbortController();
    const joined = new Set<Join<P>>();
    const report = (progress: P) => {
      for (const { onProgress } of joined) onProgress?.(progress);
    };
    const flight = { abort, joined, result: work(abort.signal, report) };
    this.#flights.set(key, flight);
    const forget = () => {
      if (this.#flights.get(key) === flight) this.#flights.delete(key);
    };
    flight.result.then(forget, forget);
    return flight;
  }

  async #wait(flight: Flight<P>, join: Join<P>): Promise<void> {
    const { promise: left, reject } = Promise.withResolvers<never>();
    const leave = () => reject(new Cancelled("context canceled", { cause: join.signal!.reason }));
    join.signal?.addEventListener("abort", leave, { once: true });
    flight.joined.add(join);
    try {
      await Promise.race([flight.result, left]);
    } finally {
      join.signal?.removeEventListener("abort", leave);
      flight.joined.delete(join);
      if (join.signal?.aborted && flight.joined.size === 0) {
        flight.abort.abort(join.signal.reason);
        await flight.result.catch(() => {}); // nothing of it goes on when the caller hears of the end
      }
    }
  }
}

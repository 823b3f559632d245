import { Cancelled } from "./errors.ts";

/** One holder per key at a time, in the order asked; other keys never wait. */
export class KeyedLock<K = string> {
  readonly #tails = new Map<K, Promise<void>>();

  async run<T>(key: K, work: () => T | Promise<T>): Promise<T> {
    using _held = await this.acquire(key);
    return await work();
  }

  /** Resolves when the caller holds `key`; disposing gives it to the next in line. */
  async acquire(key: K): Promise<Disposable> {
    const before = this.#tails.get(key);
    const { promise, resolve } = Promise.withResolvers<void>();
    const tail = before ? before.then(() => promise) : promise;
    this.#tails.set(key, tail);
    await before;
    return {
      [Symbol.dispose]: () => {
        if (this.#tails.get(key) === tail) this.#tails.delete(key);
        resolve();
      },
    };
  }

  isHeld(key: K): boolean {
    return this.#tails.has(key);
  }
}

/** At most `limit` pieces of work at once; the rest wait in order. */
export class Limiter {
  #running = 0;
  readonly #waiting: (() => void)[] = [];

  constructor(readonly limit: number) {}

  async run<T>(work: () => Promise<T>): Promise<T> {
    if (this.#running >= this.limit) await new Promise<void>((go) => this.#waiting.push(go));
    else this.#running += 1;
    try {
      return await work();
    } finally {
      const next = this.#waiting.shift();
      if (next)
        next(); // the place passes on, the count stays
      else this.#running -= 1;
    }
  }
}

/** Callers that ask for the same key while work is under way share its one result. */
export class SingleFlight<K, V> {
  readonly #flights = new Map<K, Promise<V>>();

  run(key: K, work: () => Promise<V>): Promise<V> {
    const flying = this.#flights.get(key);
    if (flying) return flying;
    const flight = work().finally(() => this.#flights.delete(key));
    this.#flights.set(key, flight);
    return flight;
  }
}

export interface RetryOptions {
  /** Tries in all, the first included. */
  readonly attempts: number;
  readonly firstDelayMs: number;
  readonly maxDelayMs: number;
  readonly isRetryable: (error: unknown) => boolean;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
  readonly signal?: AbortSignal;
}

/** Tries again with doubling delays until success, a final error or the last attempt. */
export async function retry<T>(work: (attempt: number) => Promise<T>, options: RetryOptions): Promise<T> {
  let delayMs = options.firstDelayMs;
  for (let attempt = 1; ; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (attempt >= options.attempts || options.signal?.aborted || !options.isRetryable(error)) throw error;
      await options.sleep(delayMs, options.signal);
      delayMs = Math.min(delayMs * 2, options.maxDelayMs);
    }
  }
}

/** Throws `Cancelled` when the signal has fired: call it between the steps of long work. */
export function throwIfAborted(signal: AbortSignal | undefined, what: string): void {
  if (signal?.aborted) throw new Cancelled(`${what}: cancelled`, { cause: signal.reason });
}

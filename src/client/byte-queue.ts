import type { TakeBytes } from "./types.ts";

/** Above this the producer is asked to pause. */
const HIGH_WATER_BYTES = 1 << 20;

export interface Producer {
  pause(): void;
  resume(): void;
}

/** Bytes between callbacks that bring them and one reader that waits for them. Bounded by pausing the producer. */
export class ByteQueue {
  readonly #chunks: Uint8Array[] = [];
  readonly #producer: Producer;
  #bytes = 0;
  #paused = false;
  #ended = false;
  #failure: unknown;
  #wake: (() => void) | undefined;
  /** Where bytes go as they come, while a pump runs and its taker does not wait. */
  #take: ((chunk: Uint8Array) => void) | undefined;

  constructor(producer: Producer) {
    this.#producer = producer;
  }

  get ended(): boolean {
    return this.#ended;
  }

  push(chunk: Uint8Array): void {
    if (this.#take) this.#take(chunk);
    else this.#keep(chunk);
  }

  #keep(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
    this.#bytes += chunk.byteLength;
    if (!this.#paused && this.#bytes > HIGH_WATER_BYTES) {
      this.#paused = true;
      this.#producer.pause();
    }
    this.#wake?.();
  }

  unread(chunk: Uint8Array): void {
    if (chunk.byteLength === 0) return;
    this.#chunks.unshift(chunk);
    this.#bytes += chunk.byteLength;
  }

  end(): void {
    this.#ended = true;
    this.#wake?.();
  }

  /** What was pushed before can still be read; then `read` throws the error. */
  fail(error: unknown): void {
    if (this.#ended) return;
    this.#failure = error;
    this.end();
  }

  /** See `Channel.pump`. */
  async pump(take: TakeBytes, isDone: () => boolean = () => false): Promise<void> {
    while (!isDone()) {
      const chunk = this.#chunks.shift();
      if (chunk) {
        this.#took(chunk.byteLength);
        const wait = take(chunk);
        if (wait) await wait;
      } else if (this.#failure !== undefined) throw this.#failure;
      else if (this.#ended) return;
      else await this.#takeAsTheyCome(take, isDone);
    }
  }

  /** Until the taker wants to wait, is done or fails, or nothing more comes. */
  async #takeAsTheyCome(take: TakeBytes, isDone: () => boolean): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#wake = resolve; // the end
    this.#take = (chunk) => {
      try {
        const wait = take(chunk);
        if (!wait && !isDone()) return;
        this.#take = undefined; // what comes from now on is kept, and wakes nobody: the taker is not ready
        this.#wake = undefined;
        if (wait) wait.then(resolve, reject);
        else resolve();
      } catch (error) {
        this.#take = undefined;
        reject(error);
      }
    };
    try {
      await promise;
    } finally {
      this.#take = undefined;
      this.#wake = undefined;
    }
  }

  async read(): Promise<Uint8Array | undefined> {
    while (this.#chunks.length === 0 && !this.#ended) {
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
      this.#wake = undefined;
    }
    const chunk = this.#chunks.shift();
    if (chunk) this.#took(chunk.byteLength);
    else if (this.#failure !== undefined) throw this.#failure;
    return chunk;
  }

  #took(bytes: number): void {
    this.#bytes -= bytes;
    if (this.#paused && this.#bytes === 0) {
      this.#paused = false;
      this.#producer.resume();
    }
  }
}

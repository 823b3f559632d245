import { type RangeRequest, type ReadRangeDeps, readRange } from "./read-range.ts";

export interface ReadPartsDeps extends ReadRangeDeps {
  /** Connections beside the first one of each blob. */
  readonly extraConnections: Slots;
  /** A part that takes longer than this wants others beside it. Default `PATIENCE_MS`. */
  readonly patienceMs?: number;
}

/** What is asked for at once; also what a part may hold in memory until those before it have come. */
export const PART_BYTES = 4 << 20;
/** Less is not worth a second connection. */
const WORTH_PARTS_BYTES = 4 * PART_BYTES;
/** Of one blob at a time. */
const MAX_PARTS = 4;
/** 16 MiB each second by one connection are more than others beside it could add, and they would cost memory. */
const PATIENCE_MS = 250;

/**
 * The rest of a blob in order, a large one over several connections where one is slow: that is often bound by its
 * window or by what a registry gives each of them. What waits in memory is bounded by `extraConnections` times `PART_BYTES`.
 * @throws as `readRange`
 */
export async function* readParts(
  deps: ReadPartsDeps,
  request: Omit<RangeRequest, "to" | "onAnswer">,
): AsyncGenerator<Uint8Array> {
  const { size } = request.descriptor;
  if (size - request.from < WORTH_PARTS_BYTES) return yield* readRange(deps, { ...request, to: size });
  using parts = new Parts(deps, request);
  for (let part = await parts.next(); part; part = await parts.next()) yield* part.drain();
}

/** The parts of one blob, the first ones on their way. */
class Parts implements Disposable {
  readonly #deps: ReadPartsDeps;
  readonly #request: Omit<RangeRequest, "to" | "onAnswer">;
  readonly #leaving = new AbortController();
  readonly #signal: AbortSignal;
  readonly #underWay: Part[] = [];
  #current: Part | undefined;
  #isSlow = false;
  #next: number;
  /** Whether the registry gives parts; undefined until it has answered. */
  #givesParts: Promise<boolean> | undefined;

  constructor(deps: ReadPartsDeps, request: Omit<RangeRequest, "to" | "onAnswer">) {
    this.#deps = deps;
    this.#request = request;
    this.#next = request.from;
    const leaving = this.#leaving.signal;
    this.#signal = request.signal ? AbortSignal.any([request.signal, leaving]) : leaving;
  }

  /** The next part in order; others are begun behind it. */
  async next(): Promise<Part | undefined> {
    this.#current?.[Symbol.dispose]();
    const { size } = this.#request.descriptor;
    if (this.#underWay.length === 0 && this.#next < size) this.#begin();
    if (this.#givesParts && !(await this.#givesParts)) this.#next = size; // the first answer is all of it
    if (this.#isSlow) this.#beginOthers();
    this.#current = this.#underWay.shift();
    return this.#current;
  }

  [Symbol.dispose](): void {
    this.#leaving.abort(new Error("the rest of the blob is no longer wanted"));
    this.#next = this.#request.descriptor.size;
    this.#current?.[Symbol.dispose]();
    for (const part of this.#underWay) part[Symbol.dispose]();
  }

  /** Once a registry that gives parts has been slow, the rest is asked for in several. */
  #beginOthersIfSlow() {
    return setTimeout(async () => {
      if (!(await this.#givesParts) || this.#leaving.signal.aborted) return;
      this.#isSlow = true;
      this.#beginOthers();
    }, this.#deps.patienceMs ?? PATIENCE_MS);
  }

  #beginOthers(): void {
    const { size } = this.#request.descriptor;
    while (this.#underWay.length < MAX_PARTS && this.#next < size) {
      const connection = this.#deps.extraConnections.tryTake();
      if (!connection) return;
      this.#begin(connection);
    }
  }

  #begin(connection?: Disposable): void {
    const from = this.#next;
    const to = Math.min(from + PART_BYTES, this.#request.descriptor.size);
    this.#next = to;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const onAnswer = this.#givesParts ? undefined : resolve;
    this.#givesParts ??= promise;
    const range = { ...this.#request, from, to, signal: this.#signal, ...(onAnswer ? { onAnswer } : {}) };
    const patience = this.#isSlow ? undefined : this.#beginOthersIfSlow();
    const onEnd = () => {
      clearTimeout(patience);
      resolve(true);
    };
    this.#underWay.push(new Part(readRange(this.#deps, range), connection, onEnd));
  }
}

/** Bytes that are fetched ahead of their reader, at most `PART_BYTES` of them. */
class Part implements Disposable {
  readonly #connection: Disposable | undefined;
  #chunks: Uint8Array[] = [];
  #waitingBytes = 0;
  #state: "open" | "ended" | { readonly error: unknown } = "open";
  #filled = Promise.withResolvers<void>();
  #taken = Promise.withResolvers<void>();

  constructor(source: AsyncIterable<Uint8Array>, connection: Disposable | undefined, onEnd: () => void) {
    this.#connection = connection;
    void this.#fill(source).finally(onEnd);
  }

  /** All of it, as it comes. */
  async *drain(): AsyncGenerator<Uint8Array> {
    for (;;) {
      const chunks = this.#chunks;
      this.#chunks = [];
      this.#waitingBytes = 0;
      this.#taken.resolve();
      yield* chunks;
      if (this.#chunks.length > 0) continue;
      if (this.#state === "ended") return;
      if (typeof this.#state === "object") throw this.#state.error;
      this.#filled = Promise.withResolvers();
      await this.#filled.promise;
    }
  }

  [Symbol.dispose](): void {
    this.#connection?.[Symbol.dispose]();
    this.#taken.resolve();
  }

  async #fill(source: AsyncIterable<Uint8Array>): Promise<void> {
    try {
      for await (const chunk of source) {
        this.#chunks.push(chunk);
        this.#waitingBytes += chunk.byteLength;
        this.#filled.resolve();
        if (this.#waitingBytes < PART_BYTES) continue;
        this.#taken = Promise.withResolvers();
        await this.#taken.promise;
      }
      this.#state = "ended";
    } catch (error) {
      this.#state = { error };
    }
    this.#filled.resolve();
  }
}

/** A number of things that may be taken, and are given back by disposing. */
export class Slots {
  #free: number;

  constructor(count: number) {
    this.#free = count;
  }

  /** Undefined when all are taken. */
  tryTake(): Disposable | undefined {
    if (this.#free === 0) return undefined;
    this.#free -= 1;
    let isTaken = true;
    return {
      [Symbol.dispose]: () => {
        if (isTaken) this.#free += 1;
        isTaken = false;
      },
    };
  }
}

import type { EventMessage } from "#spec/docker/events.ts";

export interface JournalEntry {
  /** Nanoseconds since 1970 as twenty digits, so that keys sort by time. */
  readonly key: string;
  readonly message: EventMessage;
}

/** The part of a state collection the journal needs; the engine hands in one made from `JOURNAL_COLLECTION`. */
export interface JournalStore {
  put(entry: JournalEntry): void;
  listFrom(key: string, limit: number): JournalEntry[];
  keysWithPrefix(prefix: string, limit: number): string[];
  deleteBefore(key: string): number;
  count(): number;
}

export const JOURNAL_COLLECTION = { name: "events", key: (entry: JournalEntry) => entry.key };

export interface JournalBounds {
  readonly maxEntries: number;
  readonly maxAgeMs: number;
}

export const JOURNAL_BOUNDS: JournalBounds = { maxEntries: 10_000, maxAgeMs: 24 * 3_600_000 };

/** Old entries go in one sweep for this many new ones, so that recording an event stays one insert. */
const PRUNE_EVERY = 128;
const PAGE = 500;
/** In the year 2255: later than any event. */
const LAST_NANO = 9e18;

/** Recent events for `--since` and `--until`: they survive the daemon, up to a number and an age. */
export class Journal {
  readonly #store: JournalStore;
  readonly #bounds: JournalBounds;
  #count: number;
  #sincePrune = 0;

  constructor(store: JournalStore, bounds: JournalBounds = JOURNAL_BOUNDS) {
    this.#store = store;
    this.#bounds = bounds;
    this.#count = store.count();
  }

  append(message: EventMessage): void {
    this.#store.put({ key: keyAt(message.timeNano), message });
    this.#count += 1;
    if (++this.#sincePrune >= PRUNE_EVERY) this.#prune(message.timeNano);
  }

  /** Events from `sinceNano` to `untilNano`, both included; read page by page, so a long past blocks nobody. */
  *read(sinceNano: number, untilNano: number): Generator<EventMessage> {
    const last = keyAt(untilNano);
    for (let from = keyAt(sinceNano); ; ) {
      const page = this.#store.listFrom(from, PAGE);
      for (const entry of page) {
        if (entry.key > last) return;
        yield entry.message;
      }
      if (page.length < PAGE) return;
      from = `${page.at(-1)!.key}~`; // right after: "~" sorts behind every digit
    }
  }

  #prune(nowNano: number): void {
    this.#sincePrune = 0;
    this.#count -= this.#store.deleteBefore(keyAt(nowNano - this.#bounds.maxAgeMs * 1e6));
    const excess = this.#count - this.#bounds.maxEntries;
    if (excess <= 0) return;
    const firstKept = this.#store.keysWithPrefix("", excess + 1).at(-1)!;
    this.#count -= this.#store.deleteBefore(firstKept);
  }
}

function keyAt(nano: number): string {
  const whole = BigInt(Math.floor(Math.min(Math.max(0, nano), LAST_NANO)));
  return whole.toString().padStart(20, "0");
}

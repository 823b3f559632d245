import type { Clock } from "#base/clock.ts";
import type { Digest } from "#base/digest.ts";
import type { Collection, StateStore } from "#state/types.ts";
import type { Lease, Leases } from "../types.ts";

/** How long an interrupted job may be resumed: as long as other engines keep what an unfinished pull has brought. */
const RESUMABLE_MS = 24 * 60 * 60 * 1000;

/**
 * Leases of the jobs of this process, and those that interrupted jobs left to be resumed. What a crash leaves of other
 * jobs is reachable from nothing and goes with the next collection.
 */
export interface ProcessLeases extends Leases {
  /** Everything some lease holds, with or without what interrupted jobs left. */
  held(options?: { readonly forgetsInterrupted?: boolean }): Set<Digest>;
  /** Gives up what interrupted jobs left. */
  forgetInterrupted(): void;
}

export interface LeaseRecord {
  readonly key: string;
  readonly digests: readonly Digest[];
  readonly changedAtMs: number;
}

export function openLeaseRecords(state: StateStore): Collection<LeaseRecord> {
  return state.collection<LeaseRecord>({ name: "storage.leases", key: ({ key }) => key });
}

export function createLeases(records: Collection<LeaseRecord>, clock: Pick<Clock, "now">): ProcessLeases {
  const open = new Set<ReadonlySet<Digest>>();
  const running = new Map<string, number>();
  return {
    open({ resumable } = {}) {
      if (resumable === undefined) return plainLease(open);
      running.set(resumable, (running.get(resumable) ?? 0) + 1);
      const ended = () => {
        const others = running.get(resumable)! - 1;
        if (others > 0) running.set(resumable, others);
        else running.delete(resumable);
        return others === 0;
      };
      return resumableLease({ key: resumable, open, records, clock, ended });
    },
    held({ forgetsInterrupted = false } = {}) {
      const interrupted = records.list().filter(({ key }) => !running.has(key));
      for (const { key, changedAtMs } of interrupted)
        if (clock.now() - changedAtMs > RESUMABLE_MS) records.delete(key);
      const resumables = records
        .list()
        .filter(({ key }) => !forgetsInterrupted || running.has(key))
        .flatMap(({ digests }) => digests);
      return new Set([...resumables, ...[...open].flatMap((digests) => [...digests])]);
    },
    forgetInterrupted() {
      for (const { key } of records.list()) if (!running.has(key)) records.delete(key);
    },
  };
}

function plainLease(open: Set<ReadonlySet<Digest>>): Lease {
  const digests = new Set<Digest>();
  open.add(digests);
  return {
    add: (digest) => void digests.add(digest),
    complete: () => {},
    [Symbol.dispose]: () => void open.delete(digests),
  };
}

interface ResumableDeps {
  readonly key: string;
  readonly open: Set<ReadonlySet<Digest>>;
  readonly records: Collection<LeaseRecord>;
  readonly clock: Pick<Clock, "now">;
  /** @returns whether nobody else holds a lease of the same key */
  readonly ended: () => boolean;
}

function resumableLease({ key, open, records, clock, ended }: ResumableDeps): Lease {
  const digests = new Set<Digest>();
  open.add(digests);
  let isComplete = false;
  let isSaved = true;
  const save = () => {
    if (isSaved || isComplete) return;
    isSaved = true;
    const before = records.get(key)?.digests ?? [];
    records.put({ key, digests: [...new Set([...before, ...digests])], changedAtMs: clock.now() });
  };
  return {
    add(digest) {
      if (digests.has(digest)) return;
      digests.add(digest);
      if (isSaved) queueMicrotask(save); // several that are added together are one write, before any of them is there
      isSaved = false;
    },
    complete() {
      isComplete = true;
    },
    [Symbol.dispose]() {
      save();
      open.delete(digests);
      if (ended() && isComplete) records.delete(key);
    },
  };
}

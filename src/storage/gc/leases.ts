import type { Digest } from "#base/digest.ts";
import type { Leases } from "../types.ts";

/**
 * Leases of the jobs of this process. A crash ends them all: what an interrupted job left behind is then reachable from
 * nothing and goes with the next collection, unless the job is resumed before.
 */
export interface ProcessLeases extends Leases {
  /** Everything some open lease holds. */
  held(): Set<Digest>;
}

export function createLeases(): ProcessLeases {
  const open = new Set<Set<Digest>>();
  return {
    open() {
      const digests = new Set<Digest>();
      open.add(digests);
      return {
        add: (digest) => void digests.add(digest),
        [Symbol.dispose]: () => void open.delete(digests),
      };
    },
    held: () => new Set([...open].flatMap((digests) => [...digests])),
  };
}

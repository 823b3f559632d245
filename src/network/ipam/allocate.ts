import type { IpRange } from "#base/ip.ts";

export interface AllocateRequest {
  readonly range: IpRange;
  /** The address given out last: the search begins behind it, so that addresses come back as late as possible. */
  readonly after: bigint | undefined;
  /** In use, or never to be given out. */
  readonly isTaken: (value: bigint) => boolean;
  /** Addresses given back: each rests for a while before it serves someone else. */
  readonly released: ReadonlyMap<bigint, Release>;
  readonly nowMs: number;
  readonly containerId: string;
}

export interface Release {
  readonly atMs: number;
  /** Who had it. */
  readonly containerId: string;
}

/** Caches of peers (ARP, DNS, connection tracking) have forgotten an address after this. */
export const REST_MS = 60_000;

/**
 * The address the container had a moment ago, so that a restart changes nothing; else the next free one; else the one that
 * rests longest. Undefined when all are in use.
 */
export function allocate(request: AllocateRequest): bigint | undefined {
  const { range, after, isTaken, released, nowMs } = request;
  const start = after !== undefined && after >= range.first && after < range.last ? after + 1n : range.first;
  const rests = (value: bigint) => nowMs - (released.get(value)?.atMs ?? Number.NEGATIVE_INFINITY) < REST_MS;
  const isFree = (value: bigint) => !isTaken(value) && !rests(value);
  const candidates = [...released].filter(
    ([value]) => value >= range.first && value <= range.last && !isTaken(value),
  );
  return (
    candidates.find(([, { containerId }]) => containerId === request.containerId)?.[0] ??
    firstIn(start, range.last, isFree) ??
    firstIn(range.first, start - 1n, isFree) ??
    candidates.sort(([, a], [, b]) => a.atMs - b.atMs)[0]?.[0]
  );
}

function firstIn(first: bigint, last: bigint, isFree: (value: bigint) => boolean): bigint | undefined {
  for (let value = first; value <= last; value++) if (isFree(value)) return value;
  return undefined;
}

import type { Digest } from "#base/digest.ts";

/** Bytes by the name of a thing in the store that takes them. */
export type Things = ReadonlyMap<string, number>;

export interface EvictionCandidate {
  readonly id: Digest;
  /** Names people know it by. */
  readonly names: readonly string[];
  readonly lastUsedMs: number;
  readonly parent: Digest | undefined;
  /** All it needs; what others need too does not come free with it. */
  readonly things: Things;
  /** Containers made from it. */
  readonly containers: number;
  readonly isPinned: boolean;
}

export interface EvictionRules {
  readonly wantedBytes: number;
  /** Images used more recently stay. */
  readonly minimumAgeMs: number;
  readonly nowMs: number;
}

export interface EvictedImage {
  readonly image: EvictionCandidate;
  /** What comes free with it, those before it being gone. */
  readonly freedBytes: number;
}

export interface EvictionPlan {
  readonly evicted: readonly EvictedImage[];
  /** What would have had its turn but stays, with the reason. */
  readonly kept: readonly { readonly image: EvictionCandidate; readonly reason: string }[];
  readonly freedBytes: number;
}

/** Pure: the images that must go, least recently used first, until so many bytes come free. */
export function planEviction(candidates: readonly EvictionCandidate[], rules: EvictionRules): EvictionPlan {
  const left = new Map(candidates.map((image) => [image.id, image]));
  const evicted: EvictedImage[] = [];
  let freedBytes = 0;
  const inTurn = candidates.toSorted((a, b) => a.lastUsedMs - b.lastUsedMs);
  while (freedBytes < rules.wantedBytes) {
    const next = inTurn.find(
      (image) => left.has(image.id) && !reasonToKeep(image, [...left.values()], rules),
    );
    if (!next) break;
    left.delete(next.id);
    const freed = freedWith(next, [...left.values()]);
    evicted.push({ image: next, freedBytes: freed });
    freedBytes += freed;
  }
  const isShort = freedBytes < rules.wantedBytes;
  const kept = isShort
    ? [...left.values()].map((image) => ({ image, reason: reasonToKeep(image, [...left.values()], rules)! }))
    : [];
  return { evicted, kept, freedBytes };
}

function reasonToKeep(
  image: EvictionCandidate,
  left: readonly EvictionCandidate[],
  { minimumAgeMs, nowMs }: EvictionRules,
): string | undefined {
  if (image.containers > 0) return "used by a container";
  if (image.isPinned) return "pinned";
  if (nowMs - image.lastUsedMs < minimumAgeMs) return "used too recently";
  if (left.some(({ parent }) => parent === image.id)) return "another image is based on it";
  return undefined;
}

function freedWith({ things }: EvictionCandidate, others: readonly EvictionCandidate[]): number {
  let bytes = 0;
  for (const [name, size] of things) if (!others.some((other) => other.things.has(name))) bytes += size;
  return bytes;
}

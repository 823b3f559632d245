import type { IdMapping } from "#kernel/types.ts";

/** Ids of 32 bits without the last, which means none. */
const ID_COUNT = 0xffff_ffff;

/**
 * A mapping under which two ids change places and every other stays: a file of `onDisk` is seen as that of `seen`, and
 * the reverse, so that no two ids become one.
 */
export function exchangeIds([onDisk, seen]: readonly [number, number]): IdMapping[] {
  if (onDisk === seen) return ranges([[0, 0, ID_COUNT]]);
  const [low, high] = onDisk < seen ? [onDisk, seen] : [seen, onDisk];
  return ranges([
    [0, 0, low],
    [low, high, 1],
    [low + 1, low + 1, high - low - 1],
    [high, low, 1],
    [high + 1, high + 1, ID_COUNT - high - 1],
  ]);
}

function ranges(all: readonly (readonly [number, number, number])[]): IdMapping[] {
  return all
    .filter(([, , size]) => size > 0)
    .map(([containerId, hostId, size]) => ({ containerId, hostId, size }));
}

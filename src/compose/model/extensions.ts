/** Keys that start with "x-": kept as they are. Pure. */
import { isMap, newMap, type Tree, type TreeMap } from "./tree.ts";
import type { Extensions } from "./types.ts";

export function splitExtensions(map: TreeMap): { extensions: TreeMap; rest: TreeMap } {
  const [extensions, rest] = [newMap(), newMap()];
  for (const key of Object.keys(map)) (key.startsWith("x-") ? extensions : rest)[key] = map[key]!;
  return { extensions, rest };
}

/** Plain values, as users of the typed project expect them. */
export function deepExtensions(map: TreeMap): Extensions {
  return plain(map) as Extensions;
}

function plain(value: Tree): unknown {
  if (Array.isArray(value)) return value.map(plain);
  if (!isMap(value)) return value;
  return Object.fromEntries(Object.keys(value).map((key) => [key, plain(value[key]!)]));
}

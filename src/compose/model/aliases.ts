/** Attributes that were extensions before the specification took them in; the attribute wins. */
import { mergeTrees } from "./merge.ts";
import { isMap, type Path, type Places, type Tree, type TreeMap } from "./tree.ts";

export function promoteAliases(root: TreeMap, places: Places): void {
  for (const [name, service] of entries(root.services)) {
    if (!isMap(service)) continue;
    promote(service, "x-develop", "develop", ["services", name], places);
    const watch = isMap(service.develop as Tree) ? (service.develop as TreeMap).watch : undefined;
    if (!Array.isArray(watch)) continue;
    for (const [index, trigger] of watch.entries()) {
      const path = ["services", name, "develop", "watch", index];
      if (isMap(trigger)) promote(trigger, "x-initialSync", "initial_sync", path, places);
    }
  }
}

function entries(value: Tree | undefined): [string, Tree][] {
  return value !== undefined && isMap(value) ? Object.entries(value) : [];
}

function promote(map: TreeMap, from: string, to: string, path: Path, places: Places): void {
  const extension = map[from];
  if (extension === undefined) return;
  places.copy(map, from, map, to);
  delete map[from];
  const value = map[to] ?? null;
  map[to] = value === null ? extension : mergeTrees(places.clone(extension), value, [...path, to], places);
}

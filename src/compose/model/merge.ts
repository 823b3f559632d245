/**
 * How one file's values go over another's: mappings key by key, lists one behind the other without repetition, scalars
 * replaced, and the attributes the specification has rules of their own for.
 * @see https://github.com/compose-spec/compose-spec/blob/main/13-merge.md
 */
import { goText } from "./go-text.ts";
import { below, pathTable, WORKLOADS } from "./path-table.ts";
import { isMap, newMap, type Path, type Places, type Tree, type TreeList, type TreeMap } from "./tree.ts";
import { keepLastPerKey, keyOfPair } from "./unique.ts";

interface Merge {
  readonly base: Tree;
  readonly over: Tree;
  readonly path: Path;
  readonly places: Places;
}

type Rule = (merge: Merge) => Tree;

const RULES = pathTable<Rule>({
  "networks.*.ipam.config": mergeIpamPools,
  ...below(["networks.*", "volumes.*", "secrets.*", "configs.*"], { labels: mergePairs }),
  ...below<Rule>(WORKLOADS, {
    annotations: mergePairs,
    build: mergeBuild,
    "build.args": mergePairs,
    "build.additional_contexts": mergePairs,
    "build.extra_hosts": mergeSequences,
    "build.labels": mergePairs,
    command: ({ over }) => over,
    depends_on: (merge) =>
      mergeNamed(merge, () =>
        newMap([
          ["condition", "service_started"],
          ["required", true],
        ]),
      ),
    dns: mergeSequences,
    dns_opt: mergeSequences,
    dns_search: mergeSequences,
    entrypoint: ({ over }) => over,
    env_file: mergeSequences,
    label_file: mergeSequences,
    environment: mergePairs,
    extra_hosts: mergeSequences,
    "healthcheck.test": ({ over }) => over,
    labels: mergePairs,
    "volumes.*.volume.labels": mergePairs,
    logging: mergeLogging,
    models: (merge) => mergeNamed(merge, () => null),
    networks: (merge) => mergeNamed(merge, () => null),
    sysctls: mergePairs,
    tmpfs: mergeSequences,
    "ulimits.*": mergeUlimit,
  }),
  "services.*.deploy.labels": mergePairs,
});

/** `over` wins. Both may be changed and become part of the result. */
export function mergeTrees(base: Tree, over: Tree, path: Path, places: Places): Tree {
  const merge = { base, over, path, places };
  const rule = RULES.find(path);
  if (rule) return rule(merge);
  if (over === null) return base;
  if (isMap(base)) return isMap(over) ? mergeMaps(base, over, path, places) : cannot(merge);
  if (Array.isArray(base)) return Array.isArray(over) ? append(base, over, places) : cannot(merge);
  return over;
}

function cannot({ base, over, path, places }: Merge): never {
  const holder = newMap([["over", over]]);
  const kind = isMap(base) ? "a mapping" : "a list";
  const at = typeof over === "object" && over !== null ? firstPlace(over, places) : places.find(holder, []);
  throw places.errorAt(`cannot override ${kind} with something else`, at, path.join("."));
}

function firstPlace(container: TreeMap | TreeList, places: Places) {
  const key = Array.isArray(container) ? 0 : Object.keys(container)[0];
  return key === undefined ? undefined : places.get(container, key);
}

function mergeMaps(base: TreeMap, over: TreeMap, path: Path, places: Places): TreeMap {
  for (const key of Object.keys(over)) {
    const value = over[key]!;
    const replaced = base[key];
    base[key] = replaced === undefined ? value : mergeTrees(replaced, value, [...path, key], places);
    if (replaced === undefined || base[key] === value) places.copy(over, key, base);
  }
  return base;
}

function append(base: TreeList, over: TreeList, places: Places): TreeList {
  const seen = new Set(base.map(fingerprint));
  for (const [index, value] of over.entries()) {
    const print = fingerprint(value);
    if (seen.has(print)) continue;
    seen.add(print);
    places.copy(over, index, base, base.length);
    base.push(value);
  }
  return base;
}

/** Equal for values that are equal, whatever the order of keys. */
export function fingerprint(value: Tree): string {
  if (Array.isArray(value)) return `[${value.map(fingerprint).join(",")}]`;
  if (!isMap(value)) return typeof value === "bigint" ? `${value}n` : JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${fingerprint(value[key]!)}`).join(",")}}`;
}

function mergeSequences({ base, over, places }: Merge): Tree {
  return append(asSequence(base, places), asSequence(over, places), places);
}

/** KEY=VALUE lists and mappings become one list with each key once. */
function mergePairs({ base, over, path, places }: Merge): Tree {
  const both = asSequence(base, places);
  for (const [index, value] of asSequence(over, places).entries()) {
    if (typeof over === "object" && over !== null) places.copy(over, index, both, both.length);
    both.push(value);
  }
  return keepLastPerKey(both, keyOfPair, path, places);
}

/** A new list. */
function asSequence(value: Tree, places: Places): TreeList {
  if (typeof value === "string") return [value];
  if (Array.isArray(value)) {
    const copy: TreeList = [];
    for (const [index, item] of value.entries()) {
      places.copy(value, index, copy, index);
      copy.push(item);
    }
    return copy;
  }
  if (!isMap(value)) return [];
  const entries = Object.keys(value).flatMap((key) => {
    const entry = value[key]!;
    if (entry === null) return [{ key, text: key }];
    const all = Array.isArray(entry) ? entry : [entry];
    return all.map((item) => ({ key, text: `${key}=${goText(item)}` }));
  });
  entries.sort((a, b) => compareBytes(a.text, b.text));
  const list = entries.map(({ text }) => text);
  for (const [index, { key }] of entries.entries()) places.copy(value, key, list, index);
  return list;
}

export function compareBytes(a: string, b: string): number {
  return Buffer.compare(Buffer.from(a), Buffer.from(b));
}

/** depends_on, networks, models: a list of names is a mapping without details. */
function mergeNamed(merge: Merge, detail: () => Tree): Tree {
  const { base, over, path, places } = merge;
  return mergeMaps(asNamed(base, detail, merge), asNamed(over, detail, merge), path, places);
}

function asNamed(value: Tree, detail: () => Tree, { path, places }: Merge): TreeMap {
  if (value === null) return newMap();
  if (isMap(value)) return value;
  const names = typeof value === "string" ? [value] : value;
  if (!Array.isArray(names)) throw places.errorAt("must be a list or a mapping", undefined, path.join("."));
  const map = newMap();
  for (const [index, name] of names.entries()) {
    if (typeof name !== "string")
      throw places.errorAt("must be a list of names", places.get(names, index), path.join("."));
    map[name] = detail();
    places.copy(names, index, map, name);
  }
  return map;
}

function mergeBuild({ base, over, path, places }: Merge): Tree {
  const asMap = (value: Tree) => (isMap(value) ? value : newMap(value === null ? [] : [["context", value]]));
  return mergeMaps(asMap(base), asMap(over), path, places);
}

/** Options belong to a driver: another driver starts without them. */
function mergeLogging(merge: Merge): Tree {
  const { base, over, path, places } = merge;
  if (!isMap(base) || !isMap(over)) return cannot(merge);
  const isSame = base.driver === over.driver || base.driver === undefined || over.driver === undefined;
  return isSame ? mergeMaps(base, over, path, places) : over;
}

function mergeUlimit({ base, over, path, places }: Merge): Tree {
  return isMap(base) && isMap(over) ? mergeMaps(base, over, path, places) : over;
}

/** Pools are the same when their subnets are. */
function mergeIpamPools(merge: Merge): Tree {
  const { base, over, path, places } = merge;
  if (!Array.isArray(base) || !Array.isArray(over)) return cannot(merge);
  const pools: TreeMap[] = [];
  const put = (pool: TreeMap) => {
    const at = pools.findIndex(({ subnet }) => subnet === pool.subnet);
    if (at < 0) pools.push(pool);
    else pools[at] = pool;
  };
  for (const original of base) {
    for (const override of over) {
      if (!isMap(original) || !isMap(override)) return cannot(merge);
      if (override.subnet !== original.subnet && !pools.some(({ subnet }) => subnet === override.subnet))
        pools.push(override);
      else put(mergeMaps(original, override, path, places));
    }
  }
  return pools;
}

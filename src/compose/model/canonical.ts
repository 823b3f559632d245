/** Short syntaxes written out: after it every attribute has the one form that the typed project is read from. */
import { ComposeFileError } from "./errors.ts";
import { goText } from "./go-text.ts";
import { below, CONTAINERS, pathTable, WORKLOADS } from "./path-table.ts";
import { parsePorts } from "./port-syntax.ts";
import {
  isMap,
  kindOf,
  newMap,
  type Path,
  type Places,
  pathText,
  type Tree,
  type TreeList,
  type TreeMap,
} from "./tree.ts";
import { parseVolume } from "./volume-syntax.ts";

export interface CanonicalOptions {
  readonly places: Places;
  readonly warn: (text: string) => void;
  /** Values with variables in them stay as they are: for `config --no-interpolate`. */
  readonly keepUnparsable: boolean;
}

interface Step {
  readonly value: Tree;
  readonly path: Path;
  readonly options: CanonicalOptions;
}

type Rule = (step: Step) => Tree;

const RULES = pathTable<Rule>({
  ...below<Rule>(CONTAINERS, {
    env_file: ({ value }) => asList(value).map(envFile),
    label_file: ({ value }) => asList(value),
    gpus: ({ value }) => (typeof value === "string" ? [newMap([["count", "all"]])] : value),
    networks: namesToMap,
    models: namesToMap,
    "volumes.*": ({ value }) => (typeof value === "string" ? parseVolume(value) : value),
    dns: ({ value }) => asList(value),
    "devices.*": device,
    "secrets.*": fileReference,
    "configs.*": fileReference,
    "ulimits.*": ulimit,
  }),
  ...below<Rule>(WORKLOADS, {
    "build.secrets.*": fileReference,
    "build.provenance": ({ value }) => goText(value),
    "build.sbom": ({ value }) => goText(value),
    "build.additional_contexts": pairsToMap,
    depends_on: dependsOn,
    extends: ({ value }) => (typeof value === "string" ? newMap([["service", value]]) : value),
    ports,
    build: ({ value }) => (typeof value === "string" ? newMap([["context", value]]) : value),
    "build.ssh": sshKeys,
    "build.ulimits.*": ulimit,
  }),
  "jobs.*.triggers.schedule.*": ({ value }) =>
    typeof value === "string" ? newMap([["cron", value]]) : value,
  "services.*.develop.watch.*.ignore": ({ value }) => asList(value),
  "services.*.develop.watch.*.include": ({ value }) => asList(value),
  "volumes.*": external,
  "networks.*": external,
  "secrets.*": external,
  "configs.*": external,
});

/** Changes the tree in place. @throws ComposeFileError */
export function makeCanonical(root: TreeMap, options: CanonicalOptions): void {
  walk(root, root, [], options);
}

function walk(root: TreeMap, container: TreeMap | TreeList, path: Path, options: CanonicalOptions): void {
  const isList = Array.isArray(container);
  for (const key of Object.keys(container)) {
    const here = [...path, isList ? Number(key) : key];
    const value = (container as TreeMap)[key]!;
    const rule = RULES.find(here);
    const result = rule ? apply(rule, root, { value, path: here, options }) : value;
    (container as TreeMap)[key] = result;
    if (typeof result === "object" && result !== null && RULES.leadsOn(here))
      walk(root, result as TreeMap, here, options);
  }
}

function apply(rule: Rule, root: TreeMap, step: Step): Tree {
  try {
    return rule(step);
  } catch (error) {
    if (step.options.keepUnparsable) return step.value;
    if (error instanceof ComposeFileError) throw error;
    throw step.options.places.error((error as Error).message, root, step.path);
  }
}

function asList(value: Tree): TreeList {
  return Array.isArray(value) ? value : value === null ? [] : [value];
}

function envFile(value: Tree): Tree {
  const file = isMap(value) ? value : newMap([["path", value]]);
  file.required ??= true;
  return file;
}

function namesToMap({ value, options: { places } }: Step): Tree {
  if (!Array.isArray(value)) return value;
  const map = newMap();
  for (const [index, name] of value.entries()) {
    map[goText(name)] = null;
    places.copy(value, index, map, goText(name));
  }
  return map;
}

function device({ value }: Step): Tree {
  if (typeof value !== "string") return value;
  const parts = value.split(":");
  if (parts.length > 3) throw new Error(`confusing device mapping, please use long syntax: ${value}`);
  const [source, target, permissions = "rwm"] = parts;
  return newMap([
    ["source", source!],
    ["target", target || source!],
    ["permissions", permissions],
  ]);
}

function fileReference({ value }: Step): Tree {
  return typeof value === "string" ? newMap([["source", value]]) : value;
}

function ulimit({ value, options }: Step): Tree {
  if (typeof value !== "string" || options.keepUnparsable) return value;
  throw new Error("a limit must be a number or have soft and hard");
}

function pairsToMap({ value }: Step): Tree {
  if (!Array.isArray(value)) return value;
  const map = newMap();
  for (const pair of value) {
    const text = goText(pair);
    const equals = text.indexOf("=");
    if (equals < 0) throw new Error(`invalid value ${text}, expected key=value`);
    map[text.slice(0, equals)] = text.slice(equals + 1);
  }
  return map;
}

function dependsOn({ value, options: { places } }: Step): Tree {
  const map = newMap();
  if (Array.isArray(value)) {
    for (const [index, name] of value.entries()) {
      map[goText(name)] = newMap();
      places.copy(value, index, map, goText(name));
    }
  }
  const named = isMap(value) ? value : map;
  for (const name of Object.keys(named)) {
    const dependency = named[name]!;
    if (!isMap(dependency)) throw new Error(`${name} must be a mapping, not ${kindOf(dependency)}`);
    dependency.condition ??= "service_started";
    dependency.required ??= true;
  }
  return named;
}

function ports(step: Step): Tree {
  const {
    value,
    options: { places },
  } = step;
  if (!Array.isArray(value)) throw new Error(`must be a list, not ${kindOf(value)}`);
  const list: TreeList = [];
  for (const [index, entry] of value.entries()) {
    const isShort = typeof entry === "string" || typeof entry === "number";
    if (!isShort && !isMap(entry)) throw new Error(`a port cannot be ${kindOf(entry)}`);
    for (const port of isShort ? shortPorts(value, index, step) : [entry]) {
      places.copy(value, index, list, list.length);
      list.push(port);
    }
  }
  return list;
}

function shortPorts(
  list: TreeList,
  index: number,
  { path, options: { places, keepUnparsable } }: Step,
): Tree[] {
  try {
    return parsePorts(goText(list[index]!));
  } catch (error) {
    if (keepUnparsable) throw error; // the whole list stays as it is
    throw places.errorAt((error as Error).message, places.get(list, index), pathText([...path, index]));
  }
}

function sshKeys({ value }: Step): Tree {
  if (!Array.isArray(value)) return value;
  const map = newMap();
  for (const key of value) {
    const text = goText(key);
    const equals = text.indexOf("=");
    if (equals < 0 && text !== "default") throw new Error(`invalid ssh key "${text}"`);
    map[equals < 0 ? text : text.slice(0, equals)] = equals < 0 ? null : text.slice(equals + 1);
  }
  return map;
}

/** `external: {name: X}` is the old way to say `name: X` and `external: true`. */
function external({ value, path, options }: Step): Tree {
  if (value === null) return null;
  if (!isMap(value)) throw new Error("must be a mapping");
  const old = value.external;
  if (!isMap(old as Tree)) return value;
  value.external = true;
  const name = (old as TreeMap).name;
  if (name === undefined) return value;
  options.warn(`${path.join(".")}: external.name is deprecated. Please set name and external: true`);
  if (value.name !== undefined && value.name !== name)
    throw new Error("name and external.name conflict; only use name");
  value.name = name;
  return value;
}

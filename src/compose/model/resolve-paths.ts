/** Relative paths of a document become absolute, starting from its project directory. */
import { posix } from "node:path";
import { below, CONTAINERS, pathTable, WORKLOADS } from "./path-table.ts";
import { isMap, type Path, type Places, type Tree, type TreeMap } from "./tree.ts";

export interface PathBase {
  /** Relative for a file that is extended: what it says is resolved once more by who extends it. */
  readonly directory: string;
  readonly home: string | undefined;
}

type Rule = (value: Tree, base: PathBase) => Tree;

const RULES = pathTable<Rule>({
  ...below<Rule>(WORKLOADS, {
    "build.context": context,
    "build.additional_contexts.*": context,
    "build.ssh.*": hostPath,
    "extends.file": plainPath,
  }),
  ...below<Rule>(CONTAINERS, {
    "env_file.*.path": plainPath,
    "label_file.*": plainPath,
    "volumes.*": mount,
  }),
  "services.*.develop.watch.*.path": plainPath,
  "configs.*.file": hostPath,
  "secrets.*.file": hostPath,
  "volumes.*": bindVolume,
});

/** Changes the tree in place. @throws ComposeFileError */
export function resolvePaths(root: TreeMap, base: PathBase, places: Places): void {
  const fail = (error: unknown, path: Path): never => {
    throw places.error((error as Error).message, root, path);
  };
  walk(root, [], { base, fail });
}

interface Walk {
  readonly base: PathBase;
  readonly fail: (error: unknown, path: Path) => never;
}

function walk(container: TreeMap, path: Path, context: Walk): void {
  for (const key of Object.keys(container)) {
    const here = [...path, Array.isArray(container) ? Number(key) : key];
    const rule = RULES.find(here);
    const value = container[key]!;
    if (rule) container[key] = attempt(() => rule(value, context.base), here, context);
    else if (typeof value === "object" && value !== null && RULES.leadsOn(here))
      walk(value as TreeMap, here, context);
  }
}

function attempt(resolve: () => Tree, path: Path, { fail }: Walk): Tree {
  try {
    return resolve();
  } catch (error) {
    return fail(error, path);
  }
}

function plainPath(value: Tree, base: PathBase): Tree {
  return typeof value === "string" && value !== "" ? absolute(value, base) : value;
}

export function absolute(path: string, { directory, home }: PathBase): string {
  if (path.startsWith("~") && home !== undefined) return posix.join(home, path.slice(1));
  if (path.startsWith("/") || /^[a-zA-Z]:[\\/]/.test(path) || path.startsWith("\\\\")) return path;
  return join(directory, path);
}

/** An empty path is the directory itself. */
function hostPath(value: Tree, base: PathBase): Tree {
  return typeof value === "string" ? absolute(value, base) : value;
}

/** As `path.join`, without the slash that a path ends in. */
export function join(directory: string, path: string): string {
  const joined = posix.join(directory, path);
  return joined.length > 1 && joined.endsWith("/") ? joined.slice(0, -1) : joined;
}

const REMOTE = /:\/\/|^service:|^(?:https?|git|ssh):\/\/|^github\.com\/|^git@/;

function context(value: Tree, base: PathBase): Tree {
  return typeof value === "string" && REMOTE.test(value) ? value : plainPath(value, base);
}

function mount(value: Tree, base: PathBase): Tree {
  if (!isMap(value) || value.type !== "bind") return value;
  if (typeof value.source !== "string")
    throw new Error('invalid mount config for type "bind": field Source must not be empty');
  value.source = absolute(value.source, base);
  return value;
}

/** The local driver's `o: bind` with a relative device. */
function bindVolume(value: Tree, base: PathBase): Tree {
  if (!isMap(value) || value.driver !== "local" || !isMap(value.driver_opts as Tree)) return value;
  const options = value.driver_opts as TreeMap;
  if (options.o === "bind" && typeof options.device === "string")
    options.device = absolute(options.device, base);
  return value;
}

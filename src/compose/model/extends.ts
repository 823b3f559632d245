/**
 * `extends`: a service that begins as another one, of the same file or of another.
 * @see https://github.com/compose-spec/compose-spec/blob/main/05-services.md#extends
 */
import { dirname, relative } from "node:path";
import { applyResets, emptyTree, type FileScope, type Loading, loadFile, localFile } from "./load-file.ts";
import { mergeTrees } from "./merge.ts";
import { resolvePaths } from "./resolve-paths.ts";
import { isMap, newMap, type Path, type Tree, type TreeMap } from "./tree.ts";

/** Files that services extend, read once for each group of files. */
export type ExtendsCache = Map<string, Promise<BaseFile>>;

interface BaseFile {
  readonly tree: TreeMap;
  readonly resets: readonly Path[];
}

interface ExtendsContext {
  readonly file: string;
  readonly loading: Loading;
  readonly scope: FileScope;
  readonly resets: readonly Path[];
}

/** Changes the services and jobs of `tree` in place. */
export async function applyExtends(tree: TreeMap, context: ExtendsContext): Promise<void> {
  for (const section of ["services", "jobs"]) {
    const services = tree[section];
    if (services === undefined || services === null) continue;
    if (!isMap(services)) throw context.loading.places.error(`${section} must be a mapping`, tree, [section]);
    for (const name of Object.keys(services)) await extendService(services, { name, ...context, chain: [] });
  }
}

interface Link {
  readonly file: string;
  readonly service: string;
}

interface Extending extends ExtendsContext {
  readonly name: string;
  /** What led here. */
  readonly chain: readonly Link[];
}

async function extendService(services: TreeMap, extending: Extending): Promise<Tree> {
  const { name, loading, resets } = extending;
  const { places } = loading;
  const service = services[name]!;
  if (service === null || service === undefined) return null;
  if (!isMap(service))
    throw places.error("must be a mapping", newMap([["services", services]]), ["services", name]);
  if (service.extends === undefined) return service;
  const reference = referenceOf(service, extending);
  const found = await findBase(services, service, { reference, extending });
  const base = await extendService(found.services, {
    ...extending,
    name: reference.service,
    file: found.file,
    resets: found.resets,
    chain: lengthen(extending, found.file),
  });
  if (base === null) return service;
  const start = places.clone(base) as TreeMap;
  applyResets(newMap([["services", newMap([[name, start]])]]), resets);
  const merged = mergeTrees(start, service, ["services", "x"], places) as TreeMap;
  delete merged.extends;
  services[name] = merged;
  return merged;
}

interface Reference {
  readonly service: string;
  readonly file?: string;
}

function referenceOf(service: TreeMap, { name, loading: { places } }: Extending): Reference {
  const value = service.extends!;
  if (typeof value === "string") return { service: value };
  const at = (reason: string) =>
    places.errorAt(reason, places.get(service, "extends"), `services.${name}.extends`);
  if (!isMap(value) || typeof value.service !== "string") throw at(`extends.${name}.service is required`);
  if (value.file === undefined || value.file === null) return { service: value.service };
  if (typeof value.file !== "string") throw at("file must be a string");
  return { service: value.service, file: value.file };
}

interface Found extends Pick<ExtendsContext, "file" | "resets"> {
  readonly services: TreeMap;
}

async function findBase(
  services: TreeMap,
  service: TreeMap,
  { reference, extending }: { reference: Reference; extending: Extending },
): Promise<Found> {
  const { name, file, loading, resets } = extending;
  const missing = (where: string) => {
    const { places } = loading;
    const reason = `cannot extend service "${name}" in ${file}: service "${reference.service}" not found${where}`;
    return places.errorAt(reason, places.get(service, "extends"));
  };
  if (reference.file === undefined) {
    if (!(reference.service in services)) throw missing("");
    return { services, file, resets };
  }
  const base = await baseFile(reference.file, extending);
  if (!isMap(base.tree.services as Tree))
    throw loading.places.errorAt(
      `cannot extend service "${name}" in ${reference.file}: no services section`,
      loading.places.get(service, "extends"),
    );
  if (!(reference.service in (base.tree.services as TreeMap))) throw missing(` in ${reference.file}`);
  return { services: base.tree.services as TreeMap, file: reference.file, resets: base.resets };
}

async function baseFile(reference: string, { loading, scope }: Extending): Promise<BaseFile> {
  const file = await localFile(reference, scope.absoluteDirectory, loading);
  const kept = scope.extended.get(file) ?? readBase(file, loading, scope);
  scope.extended.set(file, kept);
  const { tree, resets } = await kept;
  return { tree: loading.places.clone(tree), resets };
}

async function readBase(file: string, loading: Loading, scope: FileScope): Promise<BaseFile> {
  const absoluteDirectory = dirname(file);
  const directory = relative(scope.absoluteDirectory, absoluteDirectory) || ".";
  const loaded = await loadFile(file, emptyTree(), {
    loading,
    scope: { ...scope, directory, absoluteDirectory },
    role: { isBase: true },
  });
  resolvePaths(loaded.tree, { directory, home: loading.home }, loading.places);
  return loaded;
}

function lengthen({ chain, file, name, loading }: Extending, next: string): readonly Link[] {
  const link = { file: next, service: name };
  const known = chain.some((earlier) => earlier.file === link.file && earlier.service === link.service);
  if (!known) return [...chain, link];
  const [first, ...rest] = chain;
  const lines = [...rest, link].map((step) => `  extends ${step.service} in ${step.file}`);
  throw loading.places.errorAt(
    `Circular reference:\n  ${first?.service ?? name} in ${first?.file ?? file}\n${lines.join("\n")}`,
    undefined,
  );
}

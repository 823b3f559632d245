/** One file of a project: read, interpolated, put over what earlier files said, and written out in canonical form. */
import { readFile, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { InvalidArgument, NotFound } from "#base/errors.ts";
import { type FetchRemote, isRemote } from "../remote/reference.ts";
import { promoteAliases } from "./aliases.ts";
import { makeCanonical } from "./canonical.ts";
import { applyExtends, type ExtendsCache } from "./extends.ts";
import { applyIncludes } from "./include.ts";
import { interpolate } from "./interpolate.ts";
import { mergeTrees } from "./merge.ts";
import type { Lookup } from "./template.ts";
import { isMap, newMap, type Path, type Places, type Tree, type TreeMap } from "./tree.ts";
import { enforceUnique } from "./unique.ts";
import { validateProject } from "./validate.ts";
import { LARGEST_FILE_BYTES, readYaml, type YamlDocument } from "./yaml-read.ts";

/** Files that one project may be made of; a chain of includes ends there at the latest. */
const MOST_FILES = 1000;

/** What stays the same while all files of a project are read. */
export interface Loading {
  readonly places: Places;
  readonly warn: (text: string) => void;
  readonly interpolate: boolean;
  readonly validate: boolean;
  readonly home: string | undefined;
  readonly readStandardInput: () => Promise<string>;
  /** Asked once for each file. */
  readonly fetchRemote: FetchRemote;
  readonly filesRead: { count: number };
  /** Models of includes, by everything that decides them. */
  readonly includes: Map<string, Promise<TreeMap>>;
}

/** Where a group of files stands. */
export interface FileScope {
  /** What relative paths start from; relative itself below an include, whose paths are resolved once more. */
  readonly directory: string;
  /** The same, absolute: what files are opened from. */
  readonly absoluteDirectory: string;
  readonly environment: ReadonlyMap<string, string>;
  /** Absolute files that led here by `include`. */
  readonly included: readonly string[];
  readonly extended: ExtendsCache;
}

export interface FileRole {
  /** A file that is extended: taken as it is, checked when it is part of the result. */
  readonly isBase: boolean;
}

/** @returns the documents of `file` over `tree`, and what they reset */
export async function loadFile(
  file: string,
  tree: TreeMap,
  { loading, scope, role }: { loading: Loading; scope: FileScope; role: FileRole },
): Promise<{ tree: TreeMap; resets: readonly Path[] }> {
  const { places } = loading;
  let merged = tree;
  let resets: readonly Path[] = [];
  for (const document of await readDocuments(file, loading)) {
    merged = await overlay(document, merged, { file, loading, scope, role });
    resets = document.resets;
    if (!role.isBase && loading.validate) validateProject(merged, places);
    if (!role.isBase && "version" in merged) {
      loading.warn(
        `${file}: the attribute \`version\` is obsolete, it will be ignored, please remove it to avoid potential confusion`,
      );
      delete merged.version;
    }
    makeCanonical(merged, { places, warn: loading.warn, keepUnparsable: !loading.interpolate });
    dropEmptyNameServers(merged);
    enforceUnique(merged, places);
  }
  return { tree: merged, resets };
}

interface Overlay {
  readonly file: string;
  readonly loading: Loading;
  readonly scope: FileScope;
  readonly role: FileRole;
}

async function overlay(document: YamlDocument, below: TreeMap, context: Overlay): Promise<TreeMap> {
  const { file, loading, scope, role } = context;
  const { places } = loading;
  const over = document.tree;
  if (!isMap(over)) throw places.errorAt("top-level object must be a mapping", { file, line: 1, column: 1 });
  if (loading.interpolate) {
    const lookup: Lookup = (name) => scope.environment.get(name);
    interpolate(over, { lookup, onUnset: unsetWarning(loading), places, warn: loading.warn });
  }
  promoteAliases(over, places);
  const { resets } = document;
  if (!role.isBase) await applyIncludes(over, { file, loading, scope, resets });
  applyResets(below, resets);
  if (!role.isBase) await applyExtends(over, { file, loading, scope, resets });
  const merged = mergeTrees(below, over, [], places) as TreeMap;
  enforceUnique(merged, places);
  return merged;
}

export function unsetWarning({ warn }: Pick<Loading, "warn">): (name: string) => void {
  return (name) => warn(`The "${name}" variable is not set. Defaulting to a blank string.`);
}

/** What a later file resets or overrides is taken out of what earlier ones said. Entries of lists stay. */
export function applyResets(tree: TreeMap, resets: readonly Path[]): void {
  for (const path of resets) {
    let container: Tree = tree;
    for (const part of path.slice(0, -1))
      container = typeof part === "string" && isMap(container) ? (container[part] ?? null) : null;
    const last = path.at(-1);
    if (isMap(container) && typeof last === "string") delete container[last];
  }
}

async function readDocuments(file: string, loading: Loading): Promise<YamlDocument[]> {
  if (++loading.filesRead.count > MOST_FILES)
    throw new InvalidArgument(`the project is made of more than ${MOST_FILES} files`);
  const text = file === "-" ? await loading.readStandardInput() : await readProjectFile(file);
  return readYaml(file, text, loading.places).filter(({ tree }) => tree !== null);
}

/** @throws NotFound, InvalidArgument */
export async function readProjectFile(file: string): Promise<string> {
  const info = await stat(file).catch((error) => {
    throw new NotFound(`open ${file}: no such file or directory`, { cause: error });
  });
  if (info.isDirectory())
    throw new InvalidArgument(`compose file "${file}" is invalid: ${file} is a directory`);
  if (info.size > LARGEST_FILE_BYTES)
    throw new InvalidArgument(`compose file "${file}" is larger than ${LARGEST_FILE_BYTES >> 20} MiB`);
  return await readFile(file, "utf8");
}

/** Where a file is on this machine. @param directory that relative paths begin at */
export async function localFile(
  path: string,
  directory: string,
  loading: Pick<Loading, "fetchRemote">,
): Promise<string> {
  return isRemote(path) ? await loading.fetchRemote(path) : resolve(directory, path);
}

function dropEmptyNameServers(tree: TreeMap): void {
  for (const section of [tree.services, tree.jobs]) {
    if (section === undefined || !isMap(section)) continue;
    for (const container of Object.values(section)) {
      if (isMap(container) && Array.isArray(container.dns))
        container.dns = container.dns.filter((server) => server !== null && server !== "");
    }
  }
}

export function emptyTree(): TreeMap {
  return newMap();
}

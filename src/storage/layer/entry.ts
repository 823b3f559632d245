/**
 * One tar entry of a layer to what it asks for.
 * @see https://github.com/opencontainers/image-spec/blob/main/layer.md
 */
import { InvalidArgument } from "#base/errors.ts";
import type { TarEntry } from "#base/tar-header.ts";

/** A name below the layer's root, split where it is resolved: `directory` may pass through links, `name` never. */
export interface LayerPath {
  /** "" for the root itself; no leading or trailing "/". */
  readonly directory: string;
  readonly name: string;
}

export type LayerStep =
  /** Attributes of the root directory. */
  | { readonly op: "root" }
  | { readonly op: "create"; readonly path: LayerPath }
  | { readonly op: "link"; readonly path: LayerPath; readonly target: LayerPath }
  /** Hides `path` of the layers below. */
  | { readonly op: "whiteout"; readonly path: LayerPath }
  /** Hides everything the layers below have in `directory`. */
  | { readonly op: "opaque"; readonly directory: string }
  /** Bookkeeping of the file system that once wrote the layer. */
  | { readonly op: "skip" };

const WHITEOUT = ".wh.";
const OPAQUE = ".wh..wh..opq";
/** Other names of AUFS: hard-link store, orphans, its own marks. */
const BOOKKEEPING = ".wh..wh.";
/** PATH_MAX of Linux; longer names could never be opened again. */
const MAX_NAME_LENGTH = 4096;

/** @throws InvalidArgument with the reason when the entry has no place in a layer */
export function planLayerEntry(entry: Pick<TarEntry, "name" | "type" | "typeFlag" | "linkName">): LayerStep {
  if (entry.type === "other")
    throw new InvalidArgument(`unknown entry type ${JSON.stringify(entry.typeFlag)}`);
  const path = layerPath(entry.name, "name");
  if (!path) {
    if (entry.type !== "directory") throw new InvalidArgument("the root of a layer must be a directory");
    return { op: "root" };
  }
  const { directory, name } = path;
  if (directory.startsWith(BOOKKEEPING)) return { op: "skip" };
  if (`/${directory}`.includes(`/${WHITEOUT}`))
    throw new InvalidArgument(`directory names that begin with "${WHITEOUT}" are reserved`);
  if (name === OPAQUE) return { op: "opaque", directory };
  if (name.startsWith(BOOKKEEPING)) return { op: "skip" };
  if (name.startsWith(WHITEOUT)) return { op: "whiteout", path: { directory, name: hiddenName(name) } };
  if (entry.type !== "hardlink") return { op: "create", path };
  const target = layerPath(entry.linkName, "link target");
  if (!target) throw new InvalidArgument("hard link to the root directory");
  return { op: "link", path, target };
}

/** The text of a path, as it names it in messages and sets. */
export function pathText({ directory, name }: LayerPath): string {
  return directory === "" ? name : `${directory}/${name}`;
}

/** @returns undefined for the root itself */
export function splitPath(text: string): LayerPath | undefined {
  if (text === "") return undefined;
  const slash = text.lastIndexOf("/");
  return { directory: text.slice(0, Math.max(0, slash)), name: text.slice(slash + 1) };
}

/** A leading "/" means the layer's root: some builders write names so. ".." is what only an attack needs. */
function layerPath(text: string, what: string): LayerPath | undefined {
  if (text.length > MAX_NAME_LENGTH) throw new InvalidArgument(`${what} of ${text.length} characters`);
  const parts = text.split("/").filter((part) => part !== "" && part !== ".");
  if (parts.includes("..")) throw new InvalidArgument(`${what} leaves the layer: ".." is not allowed`);
  return splitPath(parts.join("/"));
}

function hiddenName(whiteout: string): string {
  const name = whiteout.slice(WHITEOUT.length);
  if (name === "" || name === "." || name === "..") throw new InvalidArgument("invalid whiteout name");
  return name;
}

/** One archive unpacked in both ways: as files and as an image. They must agree, or both refuse. */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { EngineError } from "#base/errors.ts";
import { DEFAULT_BOUNDS } from "../layer/bounds.ts";
import { unpackBlob } from "../layer/unpack-blob.ts";
import { listDirectory } from "./list-directory.ts";
import { type ListedFile, listImage } from "./read-image.ts";

const BOUNDS = { ...DEFAULT_BOUNDS, maxBytes: 64 << 20, maxEntries: 5000, maxImplicitDirectories: 2000 };

/**
 * @param home an existing directory on a file system with extended attributes; what is made in it is removed
 * @returns what the layer holds, or the reason it was refused for
 * @throws Error when the two ways disagree, or fail in a way that is nobody's decision
 */
export async function unpackBothWays(
  home: string,
  archive: Uint8Array,
): Promise<{ readonly files: Map<string, ListedFile> } | { readonly refused: string }> {
  const place = join(home, "both");
  mkdirSync(join(place, "diff"), { recursive: true });
  try {
    writeFileSync(join(place, "blob"), archive);
    const request = { source: join(place, "blob"), directory: join(place, "diff"), bounds: BOUNDS };
    const [asFiles, asImage] = [
      await attempt(() => unpackBlob({ ...request, whiteouts: "overlay" })),
      await attempt(() => unpackBlob({ ...request, whiteouts: "overlay", image: join(place, "image") })),
    ];
    if (asFiles.refused !== undefined && asImage.refused !== undefined) return { refused: asFiles.refused };
    if (asFiles.refused !== undefined || asImage.refused !== undefined)
      throw new Error(`as files: ${asFiles.refused ?? "taken"}; as image: ${asImage.refused ?? "taken"}`);
    const implicit = new Set(asFiles.value!.implicitDirectories);
    const files = listDirectory(join(place, "diff"));
    compare(files, listImage(join(place, "image")), implicit);
    return { files };
  } finally {
    rmSync(place, { recursive: true, force: true });
  }
}

async function attempt<T>(work: () => Promise<T>): Promise<{ value?: T; refused?: string }> {
  try {
    return { value: await work() };
  } catch (error) {
    if (error instanceof EngineError && error.kind === "invalidArgument") return { refused: error.message };
    throw error;
  }
}

function compare(
  files: ReadonlyMap<string, ListedFile>,
  image: ReadonlyMap<string, ListedFile>,
  implicit: ReadonlySet<string>,
): void {
  const names = (map: ReadonlyMap<string, unknown>) => JSON.stringify([...map.keys()].sort());
  if (names(files) !== names(image)) throw new Error(`names: ${names(files)} and ${names(image)}`);
  for (const [path, file] of files) {
    const [a, b] = [file, image.get(path)!].map((each) => comparable(each, implicit.has(path)));
    if (a !== b) throw new Error(`${JSON.stringify(path)}: ${a} and ${b}`);
  }
  const groups = (map: ReadonlyMap<string, ListedFile>) =>
    JSON.stringify([...Map.groupBy([...map.keys()].sort(), (path) => map.get(path)!.inode).values()]);
  if (groups(files) !== groups(image)) throw new Error(`hard links: ${groups(files)} and ${groups(image)}`);
}

/** Inode numbers are each file system's own; times of what no entry describes, whiteouts as well, are those of the job. */
function comparable(file: ListedFile, isImplicit: boolean): string {
  const { inode: _own, mtimeNanos, xattrs, ...rest } = file;
  const isWhiteout = (file.mode & 0o170000) === 0o020000 && file.device === 0;
  const sorted = Object.entries(xattrs).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify({
    ...rest,
    xattrs: sorted,
    mtimeNanos: isImplicit || isWhiteout ? "" : String(mtimeNanos),
  });
}

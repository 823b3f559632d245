import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { setImmediate } from "node:timers/promises";
import { isErrno, readIfExists } from "#base/fs.ts";
import { AT, O, RESOLVE } from "#kernel/ffi/constants.ts";
import * as at from "#kernel/files/at.ts";
import { getXattr } from "#kernel/files/xattr.ts";
import type { PreparedLayer } from "../types.ts";
import { fileName, lstatBelow, OPAQUE_XATTR, procPath } from "./below.ts";
import { copyXattrs } from "./copy-tree.ts";
import { writeBeside } from "./entry-error.ts";

/**
 * A layer with `a/b/file` but without entries for `a` and `a/b` means these directories as the layers below have them.
 * Overlayfs however shows the attributes of the uppermost one, so ours must be made equal. Their list waits beside the
 * layer until commit, when the layers below are there.
 */
export function writeImplicitList(prepared: PreparedLayer, paths: readonly string[]): void {
  writeBeside(listPath(prepared), JSON.stringify(paths));
}

/** Directories looked up before others get their turn on the thread: a hostile layer can have very many. */
const BATCH = 100;

/** @returns nothing for a layer that something else than the unpacker filled */
export function takeImplicitList(prepared: PreparedLayer): string[] {
  const text = readIfExists(listPath(prepared));
  rmSync(listPath(prepared), { force: true });
  return JSON.parse(text ?? "[]") as string[];
}

/**
 * Gives directories the owner, mode, time and attributes they have in the layers below, where they have any.
 * @param paths below `directory`; "" is itself
 * @param lower directories of the layers below, nearest first
 */
export async function inheritAttributes(
  directory: string,
  paths: readonly string[],
  lower: readonly string[],
): Promise<void> {
  const own = at.openat(AT.FDCWD, directory, O.PATH | O.DIRECTORY);
  try {
    await forEachBelow(paths, lower, (path, source) => inheritOne(own, path, source));
  } finally {
    at.close(own);
  }
}

/**
 * Looks directories up in the layers below; those that are not there are left out.
 * @param use given a descriptor of the directory, which is closed afterwards
 */
export async function forEachBelow(
  paths: readonly string[],
  lower: readonly string[],
  use: (path: string, source: number) => void,
): Promise<void> {
  using opened = new DisposableStack();
  const below = lower.map((path) => {
    const fd = at.openat(AT.FDCWD, path, O.PATH | O.DIRECTORY);
    opened.defer(() => at.close(fd));
    return fd;
  });
  for (const [i, path] of paths.entries()) {
    if (i % BATCH === BATCH - 1) await setImmediate();
    const source = findBelow(below, path);
    if (source === undefined) continue;
    try {
      use(path, source);
    } finally {
      at.close(source);
    }
  }
}

function inheritOne(own: number, path: string, source: number): void {
  const target = openDirectory(own, path);
  if (typeof target !== "number") return; // replaced by something else later in the archive
  try {
    if (!hasOpaqueAncestor(own, path)) copyDirectoryAttributes(source, target);
  } finally {
    at.close(target);
  }
}

/** The directory as a mount of these layers would show it. */
function findBelow(layers: readonly number[], path: string): number | undefined {
  for (const layer of layers) {
    const found = openDirectory(layer, path);
    if (typeof found === "number") return found;
    if (found === "blocked" || hasOpaqueAncestor(layer, path)) return undefined;
  }
  return undefined;
}

/** @returns "blocked" where a file, a link or a whiteout hides what lower layers have */
function openDirectory(rootFd: number, path: string): number | "absent" | "blocked" {
  const resolve = RESOLVE.BENEATH | RESOLVE.NO_SYMLINKS;
  try {
    return at.openat2(rootFd, path === "" ? "." : fileName(path), O.PATH | O.DIRECTORY, 0, resolve);
  } catch (error) {
    if (isErrno(error, "ENOENT")) return "absent";
    if (isErrno(error, "ENOTDIR") || isErrno(error, "ELOOP")) return "blocked";
    throw error;
  }
}

function hasOpaqueAncestor(rootFd: number, path: string): boolean {
  for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1)) {
    const ancestor = openDirectory(rootFd, path.slice(0, slash));
    if (typeof ancestor !== "number") return false;
    const isOpaque = getXattr(procPath(ancestor, "."), OPAQUE_XATTR) !== undefined;
    at.close(ancestor);
    if (isOpaque) return true;
  }
  return false;
}

function copyDirectoryAttributes(source: number, target: number): void {
  const stat = lstatBelow(source, ".")!;
  at.fchownat(target, ".", Number(stat.uid), Number(stat.gid));
  at.fchmodat(target, ".", Number(stat.mode) & 0o7777);
  copyXattrs(procPath(source, "."), procPath(target, "."));
  at.utimensat(target, ".", stat.atimeNs, stat.mtimeNs);
}

function listPath(prepared: PreparedLayer): string {
  return join(dirname(prepared.directory), "implicit.json");
}

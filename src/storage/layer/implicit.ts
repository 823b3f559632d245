import { rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { isErrno, readIfExists } from "#base/fs.ts";
import { Turns } from "#base/turns.ts";
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

/** Looking up goes on this long before others get their turn on the thread: a layer can have very many directories. */
const TURN_MS = 2;

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
    const opaque = new OpaqueDirectories(own);
    await forEachBelow(paths, lower, (path, source) => inheritOne({ fd: own, opaque }, path, source));
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
    return { fd, opaque: new OpaqueDirectories(fd) };
  });
  const turns = new Turns(TURN_MS);
  for (const path of paths) {
    if (turns.isOver) await turns.next();
    const source = findBelow(below, path);
    if (source === undefined) continue;
    try {
      use(path, source);
    } finally {
      at.close(source);
    }
  }
}

/** One layer's files. */
interface LayerRoot {
  readonly fd: number;
  readonly opaque: OpaqueDirectories;
}

function inheritOne(own: LayerRoot, path: string, source: number): void {
  const target = openDirectory(own.fd, path);
  if (typeof target !== "number") return; // replaced by something else later in the archive
  try {
    if (!own.opaque.isAbove(path)) copyDirectoryAttributes(source, target);
  } finally {
    at.close(target);
  }
}

/** The directory as a mount of these layers would show it. */
function findBelow(layers: readonly LayerRoot[], path: string): number | undefined {
  for (const { fd, opaque } of layers) {
    const found = openDirectory(fd, path);
    if (typeof found === "number") return found;
    if (found === "blocked" || opaque.isAbove(path)) return undefined;
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

/** What a layer says of its directories, asked once each: most paths have the same ones above them. */
class OpaqueDirectories {
  readonly #rootFd: number;
  readonly #known = new Map<string, boolean>();

  constructor(rootFd: number) {
    this.#rootFd = rootFd;
  }

  /** Whether a directory above `path`, the root not counted, hides what lies below it. */
  isAbove(path: string): boolean {
    for (let slash = path.indexOf("/"); slash >= 0; slash = path.indexOf("/", slash + 1))
      if (this.#isOpaque(path.slice(0, slash))) return true;
    return false;
  }

  #isOpaque(path: string): boolean {
    const known = this.#known.get(path);
    if (known !== undefined) return known;
    const directory = openDirectory(this.#rootFd, path);
    const isOpaque =
      typeof directory === "number" && getXattr(procPath(directory, "."), OPAQUE_XATTR) !== undefined;
    if (typeof directory === "number") at.close(directory);
    this.#known.set(path, isOpaque);
    return isOpaque;
  }
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

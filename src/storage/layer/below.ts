/** Files named by their directory's descriptor: what the layer writer needs beside the plain system calls. */
import { type BigIntStats, lstatSync, readdirSync } from "node:fs";
import { isErrno } from "#base/fs.ts";
import { decodeRaw, encodeRaw } from "#base/raw-text.ts";
import { AT, O } from "#kernel/ffi/constants.ts";
import { close, type FileName, fchmodat, mkdirat, openat, setxattrat, unlinkat } from "#kernel/files/at.ts";
import type { WhiteoutStyle } from "../types.ts";

/** Overlayfs looks for these at directories of lower layers. @see Documentation/filesystems/overlayfs.rst */
export const OPAQUE_XATTR = "trusted.overlay.opaque";
const OPAQUE_VALUE = Buffer.from("y");

/** A name for the kernel: text where it is text, else the bytes it stands for. */
export function fileName(name: string): FileName {
  return name.isWellFormed() ? name : encodeRaw(name);
}

/** Attributes of the file itself, never of a link's target; undefined where there is none. */
export function lstatBelow(directoryFd: number, name: string): BigIntStats | undefined {
  return lstatSync(procPath(directoryFd, name), { bigint: true, throwIfNoEntry: false });
}

export function namesBelow(directoryFd: number): string[] {
  return readdirSync(`/proc/self/fd/${directoryFd}`, { encoding: "buffer" }).map((name) => decodeRaw(name));
}

/** A path for calls that take no descriptor; the directory is the very one, wherever it has been moved. */
export function procPath(directoryFd: number, name: string): string | Buffer {
  const directory = `/proc/self/fd/${directoryFd}/`;
  if (name.isWellFormed()) return directory + name;
  return Buffer.concat([Buffer.from(directory), encodeRaw(name)]);
}

/** A character device 0:0: overlayfs shows nothing in its place. */
export function isWhiteout(stat: BigIntStats): boolean {
  return stat.isCharacterDevice() && stat.rdev === 0n;
}

/** Makes overlayfs ignore what lower layers have in the directory. */
export function makeOpaque(directoryFd: number): void {
  setxattrat(directoryFd, ".", OPAQUE_XATTR, OPAQUE_VALUE);
}

/**
 * Makes a directory of mode 0755. In overlay style it may take the place of a whiteout and is opaque then: the layer
 * deletes the directory below and makes its own.
 * @returns "exists" when there is a directory already, "blocked" when there is something else
 */
export function makeDirectory(
  parentFd: number,
  name: string,
  style: WhiteoutStyle,
): "made" | "exists" | "blocked" {
  const file = fileName(name);
  const stat = mkdirOrStat(parentFd, name);
  if (!stat) return "made";
  if (stat.isDirectory()) return "exists";
  if (style !== "overlay" || !isWhiteout(stat)) return "blocked";
  unlinkat(parentFd, file);
  mkdirOrStat(parentFd, name);
  withDirectory(parentFd, name, makeOpaque);
  return "made";
}

/** @returns undefined when the directory was made, else what is in its place */
function mkdirOrStat(parentFd: number, name: string): BigIntStats | undefined {
  const file = fileName(name);
  try {
    mkdirat(parentFd, file, 0o755);
    fchmodat(parentFd, file, 0o755); // whatever the umask and the parent's setgid bit made of it
    return undefined;
  } catch (error) {
    if (!isErrno(error, "EEXIST")) throw error;
    return lstatBelow(parentFd, name);
  }
}

/** Opens a directory for a moment, never through a link. */
export function withDirectory<T>(parentFd: number, name: string, work: (fd: number) => T): T {
  const fd = openat(parentFd, fileName(name), O.RDONLY | O.DIRECTORY | O.NOFOLLOW);
  try {
    return work(fd);
  } finally {
    close(fd);
  }
}

/** Removes a file or a whole directory. Absent already counts as done. */
export function removeBelow(parentFd: number, name: string): void {
  removeUnless(parentFd, name, "", () => false);
}

/**
 * Removes a file or a directory with what is in it, except what is to be kept and the directories that lead there.
 * @param path of the file, given to `isKept` with the names below it added
 * @returns whether it is gone
 */
export function removeUnless(
  parentFd: number,
  name: string,
  path: string,
  isKept: (path: string) => boolean,
): boolean {
  const stat = lstatBelow(parentFd, name);
  if (!stat) return true;
  if (!stat.isDirectory()) {
    if (isKept(path)) return false;
    unlinkat(parentFd, fileName(name));
    return true;
  }
  const isEmpty = withDirectory(parentFd, name, (fd) => emptyUnless(fd, path, isKept));
  if (!isEmpty || isKept(path)) return false;
  unlinkat(parentFd, fileName(name), AT.REMOVEDIR);
  return true;
}

/** As `removeUnless` for everything in a directory. @returns whether it is empty now */
export function emptyUnless(directoryFd: number, path: string, isKept: (path: string) => boolean): boolean {
  const prefix = path === "" ? "" : `${path}/`;
  const gone = namesBelow(directoryFd).map((name) => removeUnless(directoryFd, name, prefix + name, isKept));
  return gone.every(Boolean);
}

import { type BigIntStats, readlinkSync } from "node:fs";
import { isErrno } from "#base/fs.ts";
import { AT, O } from "#kernel/ffi/constants.ts";
import * as at from "#kernel/files/at.ts";
import { copyContents } from "#kernel/files/copy.ts";
import { getXattr, listXattrs, setXattr } from "#kernel/files/xattr.ts";
import { fileName, lstatBelow, namesBelow, procPath, withDirectory } from "./below.ts";

/**
 * Copies a directory's files into another, existing one: owners, modes, times, attributes, hard links, devices and holes
 * included. File contents share their blocks where the file system can.
 */
export function copyTree(from: string, to: string): void {
  withDirectory(AT.FDCWD, from, (fromFd) =>
    withDirectory(AT.FDCWD, to, (toFd) => {
      new TreeCopy(toFd).contents(fromFd, toFd, "");
      copyAttributes(fromFd, toFd, ".", lstatBelow(fromFd, ".")!);
    }),
  );
}

class TreeCopy {
  readonly #rootFd: number;
  /** First copy of each file with several names. */
  readonly #links = new Map<bigint, string>();

  constructor(rootFd: number) {
    this.#rootFd = rootFd;
  }

  contents(fromFd: number, toFd: number, path: string): void {
    for (const name of namesBelow(fromFd))
      this.#node(fromFd, toFd, name, path === "" ? name : `${path}/${name}`);
  }

  #node(fromFd: number, toFd: number, name: string, path: string): void {
    const stat = lstatBelow(fromFd, name)!;
    if (stat.isDirectory()) {
      at.mkdirat(toFd, fileName(name), 0o700);
      withDirectory(fromFd, name, (from) => withDirectory(toFd, name, (to) => this.contents(from, to, path)));
    } else if (this.#isLinked(stat, toFd, name, path)) return;
    else if (stat.isFile()) copyFile(fromFd, toFd, name, Number(stat.size));
    else if (stat.isSymbolicLink()) copyLink(fromFd, toFd, name);
    else at.mknodat(toFd, fileName(name), Number(stat.mode), Number(stat.rdev));
    copyAttributes(fromFd, toFd, name, stat);
  }

  #isLinked(stat: BigIntStats, toFd: number, name: string, path: string): boolean {
    if (stat.nlink === 1n) return false;
    const first = this.#links.get(stat.ino);
    if (first === undefined) this.#links.set(stat.ino, path);
    else at.linkat(this.#rootFd, fileName(first), toFd, fileName(name));
    return first !== undefined;
  }
}

function copyFile(fromFd: number, toFd: number, name: string, sizeBytes: number): void {
  const file = fileName(name);
  const source = at.openat(fromFd, file, O.RDONLY | O.NOFOLLOW);
  try {
    const target = at.openat(toFd, file, O.WRONLY | O.CREAT | O.EXCL | O.NOFOLLOW, 0o600);
    try {
      copyContents(source, target, sizeBytes);
    } finally {
      at.close(target);
    }
  } finally {
    at.close(source);
  }
}

function copyLink(fromFd: number, toFd: number, name: string): void {
  const target = readlinkSync(procPath(fromFd, name), { encoding: "buffer" });
  at.symlinkat(target, toFd, fileName(name));
}

function copyAttributes(fromFd: number, toFd: number, name: string, stat: BigIntStats): void {
  const file = fileName(name);
  at.fchownat(toFd, file, Number(stat.uid), Number(stat.gid));
  if (!stat.isSymbolicLink()) at.fchmodat(toFd, file, Number(stat.mode) & 0o7777);
  copyXattrs(procPath(fromFd, name), procPath(toFd, name));
  at.utimensat(toFd, file, stat.atimeNs, stat.mtimeNs);
}

/** Of a file itself; what the target's file system cannot hold is left out. */
export function copyXattrs(from: at.FileName, to: at.FileName): void {
  for (const name of listXattrs(from)) {
    const value = getXattr(from, name);
    if (value && !name.startsWith("trusted.overlay.")) setXattrIfPossible(to, name, value);
  }
}

function setXattrIfPossible(path: at.FileName, name: string, value: Uint8Array): void {
  try {
    setXattr(path, name, value);
  } catch (error) {
    if (!isErrno(error, "EOPNOTSUPP") && !isErrno(error, "EPERM")) throw error;
  }
}

/** What an archive says of a file, done to that file: the same for layers and for trees of containers. */
import { messageOf } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import { isKeptXattr } from "#base/kept-xattrs.ts";
import type { TarEntry, TarTime } from "#base/tar-header.ts";
import { S } from "#kernel/ffi/constants.ts";
import * as at from "#kernel/files/at.ts";
import { fileName } from "./below.ts";

export interface Description {
  readonly entry: TarEntry;
  /** As the host has them, which need not be the archive's. */
  readonly owner: { readonly uid: number; readonly gid: number };
  /** Told each attribute that the file system does not take. */
  readonly onLoss?: ((message: string) => void) | undefined;
}

/** @param offset of the chunk in the file: after the one before, unless the file is sparse */
export function writeContents(file: number, { sparse }: TarEntry, chunk: Uint8Array, offset: number): void {
  if (sparse) at.pwrite(file, chunk, 0, chunk.byteLength, offset);
  else at.write(file, chunk);
}

/** To be called when the file has its contents. */
export function describeFile(file: number, description: Description): void {
  const { entry, owner } = description;
  at.fchown(file, owner.uid, owner.gid); // before mode and attributes: it clears setuid bits and capabilities
  at.fchmod(file, entry.mode);
  setXattrs(description, (name, value) => at.fsetxattr(file, name, value));
  at.futimens(file, nanosOf(entry.mtime), nanosOf(entry.mtime));
}

/** Its time is for later: every file made in it changes that. */
export function describeDirectory(fd: number, description: Description): void {
  const { entry, owner } = description;
  at.fchownat(fd, ".", owner.uid, owner.gid);
  at.fchmodat(fd, ".", entry.mode);
  setXattrs(description, (name, value) => at.setxattrat(fd, ".", name, value));
}

/** A link, pipe or device by its name, which whoever calls has seen to be what was made. @param setMode not called for links */
export function describeNode(
  parent: number,
  name: at.FileName,
  description: Description,
  setMode: (mode: number) => void,
): void {
  const { entry, owner } = description;
  at.fchownat(parent, name, owner.uid, owner.gid);
  if (entry.type !== "symlink") setMode(entry.mode);
  setXattrs(description, (key, value) => at.setxattrat(parent, name, key, value));
  at.utimensat(parent, name, nanosOf(entry.mtime), nanosOf(entry.mtime));
}

/** A link, pipe or device. @throws SysError EEXIST among others */
export function makeNode(parent: number, name: at.FileName, entry: TarEntry): void {
  const device = at.makeDevice(entry.deviceMajor, entry.deviceMinor);
  if (entry.type === "symlink") at.symlinkat(fileName(entry.linkName), parent, name);
  else if (entry.type === "character") at.mknodat(parent, name, S.IFCHR | 0o600, device);
  else if (entry.type === "block") at.mknodat(parent, name, S.IFBLK | 0o600, device);
  else at.mknodat(parent, name, S.IFIFO | 0o600);
}

export function nanosOf({ seconds, nanos }: TarTime): bigint {
  return BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
}

function setXattrs({ entry, onLoss }: Description, set: (name: string, value: Uint8Array) => void): void {
  for (const [name, value] of entry.xattrs) {
    if (!isKeptXattr(name)) continue;
    try {
      set(name, value);
    } catch (error) {
      // the file system has none, or (user.*) not on this type of file
      if (!isErrno(error, "EOPNOTSUPP") && !isErrno(error, "EPERM")) throw error;
      onLoss?.(`attribute ${name} could not be set: ${messageOf(error)}`);
    }
  }
}

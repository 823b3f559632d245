import { AT, O } from "../ffi/constants.ts";
import { Errno, SysError } from "../ffi/errno.ts";
import { OPEN_HOW_BYTES, openHow, timespecs } from "../ffi/structs.ts";
import { memory, nameOf, syscall, trySyscall } from "../ffi/syscall.ts";

/**
 * System calls that name a file by a directory's descriptor and a path below it: what writes a layer's files without
 * ever following a link out of it. Each function is one call, named and ordered as in its man page; each throws
 * SysError. Descriptors are close-on-exec. Names may be bytes, because a file name need not be UTF-8.
 */
export type FileName = string | Uint8Array;

/** Largest count Linux moves in one read or write. */
const MAX_TRANSFER_BYTES = 0x7ffff000;

export function openat(dirFd: number, path: FileName, flags: number, mode = 0): number {
  return syscall("openat", path, dirFd, memory().text(path), flags | O.CLOEXEC, mode);
}

/**
 * @param resolve bits of `RESOLVE`. With IN_ROOT or BENEATH the kernel gives up (EAGAIN) when anything on the host is
 * renamed while it goes through "..": that says nothing about the path, so the call is repeated.
 */
export function openat2(dirFd: number, path: FileName, flags: number, mode: number, resolve: number): number {
  const how = openHow(flags | O.CLOEXEC, mode, resolve);
  const name = memory().text(path);
  for (let tries = 1; ; tries++) {
    const fd = trySyscall("openat2", dirFd, name, how, OPEN_HOW_BYTES);
    if (fd >= 0) return fd;
    if (fd !== -Errno.EAGAIN || tries === MAX_TRIES) throw new SysError("openat2", -fd, nameOf(path));
  }
}

const MAX_TRIES = 100;

export function close(fd: number): void {
  syscall("close", `fd ${fd}`, fd);
}

export function mkdirat(dirFd: number, path: FileName, mode: number): void {
  syscall("mkdirat", path, dirFd, memory().text(path), mode);
}

/** @param mode permission bits and one of `S`; @param device from `makeDevice()`, for IFCHR and IFBLK */
export function mknodat(dirFd: number, path: FileName, mode: number, device = 0): void {
  syscall("mknodat", path, dirFd, memory().text(path), mode, device);
}

/** A device number as mknod(2) takes it: 12 bits of major and 20 of minor. */
export function makeDevice(major: number, minor: number): number {
  return ((minor & 0xff) | ((major & 0xfff) << 8) | ((minor & 0xfff00) << 12)) >>> 0;
}

export function symlinkat(target: FileName, dirFd: number, path: FileName): void {
  syscall("symlinkat", path, memory().text(target), dirFd, memory().text(path));
}

/** @param flags AT.SYMLINK_FOLLOW or AT.EMPTY_PATH; by default a link to a symbolic link is to the link itself */
export function linkat(
  oldDirFd: number,
  oldPath: FileName,
  newDirFd: number,
  newPath: FileName,
  flags = 0,
): void {
  syscall("linkat", newPath, oldDirFd, memory().text(oldPath), newDirFd, memory().text(newPath), flags);
}

/** @param flags AT.REMOVEDIR for a directory */
export function unlinkat(dirFd: number, path: FileName, flags = 0): void {
  syscall("unlinkat", path, dirFd, memory().text(path), flags);
}

/** @param flags of `RENAME` */
export function renameat2(
  oldDirFd: number,
  oldPath: FileName,
  newDirFd: number,
  newPath: FileName,
  flags = 0,
): void {
  syscall("renameat2", newPath, oldDirFd, memory().text(oldPath), newDirFd, memory().text(newPath), flags);
}

/** The text of a symbolic link. */
export function readlinkat(dirFd: number, path: FileName): string {
  const target = memory().reserve(4096);
  const length = syscall("readlinkat", path, dirFd, memory().text(path), memory().addressOf(target), 4096);
  return memory().string(target, length);
}

/** Changes the owner of the file itself, never of a link's target. */
export function fchownat(dirFd: number, path: FileName, uid: number, gid: number): void {
  syscall("fchownat", path, dirFd, memory().text(path), uid, gid, AT.SYMLINK_NOFOLLOW);
}

/** Follows links, as the kernel call does: use it on what is known not to be one. */
export function fchmodat(dirFd: number, path: FileName, mode: number): void {
  syscall("fchmodat", path, dirFd, memory().text(path), mode);
}

export function fchown(fd: number, uid: number, gid: number): void {
  syscall("fchown", `fd ${fd}`, fd, uid, gid);
}

export function fchmod(fd: number, mode: number): void {
  syscall("fchmod", `fd ${fd}`, fd, mode);
}

/** Sets both times of the file itself, in nanoseconds since 1970, never of a link's target. */
export function utimensat(dirFd: number, path: FileName, accessNanos: bigint, modifyNanos: bigint): void {
  const times = timespecs(accessNanos, modifyNanos);
  syscall("utimensat", path, dirFd, memory().text(path), times, AT.SYMLINK_NOFOLLOW);
}

/** Sets both times of an open file, in nanoseconds since 1970. */
export function futimens(fd: number, accessNanos: bigint, modifyNanos: bigint): void {
  syscall("utimensat", `fd ${fd}`, fd, 0, timespecs(accessNanos, modifyNanos));
}

export function fsetxattr(fd: number, name: string, value: Uint8Array): void {
  const bytes = memory().copy(value);
  syscall("fsetxattr", `${name} of fd ${fd}`, fd, memory().text(name), bytes, value.length);
}

/** Sets an extended attribute of a path below a directory: for links and devices, which cannot be opened. */
export function setxattrat(dirFd: number, path: FileName, name: string, value: Uint8Array): void {
  const bytes = memory().copy(value);
  const file = memory().text(belowDescriptor(dirFd, path));
  syscall("lsetxattr", `${name} of ${path}`, file, memory().text(name), bytes, value.length);
}

/** /proc/self/fd/N is that very directory, wherever it has been moved; the last component is not followed. */
function belowDescriptor(dirFd: number, path: FileName): FileName {
  const directory = `/proc/self/fd/${dirFd}/`;
  return typeof path === "string" ? directory + path : Buffer.concat([Buffer.from(directory), path]);
}

/** Writes all of `bytes[offset, offset + length)`. */
export function write(fd: number, bytes: Uint8Array, offset = 0, length = bytes.length - offset): void {
  const start = addressWithin(bytes, offset, length);
  for (let done = 0; done < length; ) {
    done += retrying("write", fd, start + done, Math.min(length - done, MAX_TRANSFER_BYTES));
  }
}

/** Writes all of `bytes[offset, offset + length)` at a position of the file. */
export function pwrite(
  fd: number,
  bytes: Uint8Array,
  offset: number,
  length: number,
  position: number,
): void {
  const start = addressWithin(bytes, offset, length);
  for (let done = 0; done < length; ) {
    const count = Math.min(length - done, MAX_TRANSFER_BYTES);
    done += retrying("pwrite64", fd, start + done, count, position + done);
  }
}

/** @returns bytes read into `bytes[offset, offset + length)`; 0 at the end of the file */
export function read(fd: number, bytes: Uint8Array, offset = 0, length = bytes.length - offset): number {
  return retrying("read", fd, addressWithin(bytes, offset, length), length);
}

function addressWithin(bytes: Uint8Array, offset: number, length: number): number {
  if (offset < 0 || length < 0 || offset + length > bytes.length) {
    throw new RangeError(`bytes ${offset}..${offset + length} of a buffer of ${bytes.length}`);
  }
  return memory().pin(bytes) + offset;
}

/** A signal for the process may interrupt a call that has done nothing yet. */
function retrying(
  name: "read" | "write" | "pwrite64",
  fd: number,
  address: number,
  count: number,
  position = 0,
): number {
  let result: number;
  do {
    result = trySyscall(name, fd, address, count, position);
  } while (result === -Errno.EINTR);
  if (result < 0) throw new SysError(name, -result, `fd ${fd}`);
  return result;
}

export function ftruncate(fd: number, sizeBytes: number): void {
  syscall("ftruncate", `fd ${fd}`, fd, sizeBytes);
}

/** @param mode of `FALLOC` */
export function fallocate(fd: number, mode: number, offset: number, length: number): void {
  syscall("fallocate", `fd ${fd}`, fd, mode, offset, length);
}

export function fsync(fd: number): void {
  syscall("fsync", `fd ${fd}`, fd);
}

/** Writes everything of the file system `fd` is on to its disk, and waits for it. */
export function syncfs(fd: number): void {
  syscall("syncfs", `fd ${fd}`, fd);
}

import { isErrno } from "#base/fs.ts";
import { memory, syscall, trySyscall } from "../ffi/syscall.ts";
import { ftruncate, pwrite, read } from "./at.ts";

/** lseek(2): include/uapi/linux/fs.h. */
const SEEK = { SET: 0, DATA: 3, HOLE: 4 } as const;
const CHUNK_BYTES = 1 << 20;

/**
 * Gives an empty file the contents of another; holes stay holes. The kernel copies, sharing the blocks on file systems
 * that can (btrfs, xfs); between file systems that refuse this, the bytes pass through memory.
 * @param sizeBytes of the source
 */
export function copyContents(fromFd: number, toFd: number, sizeBytes: number): void {
  if (cloneContents(fromFd, toFd)) return;
  ftruncate(toFd, sizeBytes);
  for (let at = 0; at < sizeBytes; ) {
    const start = nextData(fromFd, at);
    if (start === undefined) return;
    const end = syscall("lseek", `fd ${fromFd}`, fromFd, start, SEEK.HOLE);
    copyRange(fromFd, toFd, start, end);
    at = end;
  }
}

/** include/uapi/linux/fs.h */
const FICLONE = 0x4004_9409;

/** Makes a file share all blocks of another. @returns false where the file system has no such thing */
export function cloneContents(fromFd: number, toFd: number): boolean {
  return trySyscall("ioctl", toFd, FICLONE, fromFd) >= 0;
}

function nextData(fd: number, from: number): number | undefined {
  try {
    return syscall("lseek", `fd ${fd}`, fd, from, SEEK.DATA);
  } catch (error) {
    if (isErrno(error, "ENXIO")) return undefined; // nothing but a hole up to the end
    throw error;
  }
}

function copyRange(fromFd: number, toFd: number, start: number, end: number): void {
  try {
    for (let at = start; at < end; ) {
      const copied = copyFileRange(fromFd, toFd, at, end - at);
      if (copied === 0) return; // the source has become shorter meanwhile
      at += copied;
    }
  } catch (error) {
    const refused = ["EXDEV", "EOPNOTSUPP", "EINVAL", "ENOSYS"].some((code) => isErrno(error, code));
    if (!refused) throw error;
    copyThroughMemory(fromFd, toFd, start, end);
  }
}

function copyFileRange(fromFd: number, toFd: number, position: number, length: number): number {
  const call = memory();
  const positions = call.reserve(16);
  call.view.setBigInt64(positions, BigInt(position), true);
  call.view.setBigInt64(positions + 8, BigInt(position), true);
  const [from, to] = [call.addressOf(positions), call.addressOf(positions + 8)];
  return syscall("copy_file_range", `fd ${fromFd}`, fromFd, from, toFd, to, length);
}

function copyThroughMemory(fromFd: number, toFd: number, start: number, end: number): void {
  const buffer = new Uint8Array(Math.min(CHUNK_BYTES, end - start));
  syscall("lseek", `fd ${fromFd}`, fromFd, start, SEEK.SET);
  for (let at = start; at < end; ) {
    const count = read(fromFd, buffer, 0, Math.min(buffer.byteLength, end - at));
    if (count === 0) return;
    pwrite(toFd, buffer, 0, count, at);
    at += count;
  }
}

import { AT, O } from "../ffi/constants.ts";
import { Errno, SysError } from "../ffi/errno.ts";
import { memory, syscall, trySyscall } from "../ffi/syscall.ts";
import { close } from "./at.ts";

const CHUNK_BYTES = 16 * 1024;
/** The kernel gives what it has in pages, cut between records: much less than one is all there is. */
const CERTAINLY_ALL_BYTES = 2048;

/**
 * Text of a kernel's file (procfs, sysfs, cgroupfs): three system calls where node:fs makes a dozen.
 * @returns undefined where it does not exist, or its object ended meanwhile
 */
export function readSmallFile(path: string): string | undefined {
  const fd = trySyscall("openat", AT.FDCWD, memory().text(path), O.RDONLY | O.CLOEXEC);
  if (fd === -Errno.ENOENT) return undefined;
  if (fd < 0) throw new SysError("openat", -fd, path);
  try {
    return readFromStart(fd, path);
  } finally {
    close(fd);
  }
}

/**
 * What a kernel's open file says now.
 * @param path for the error's text
 * @returns undefined where its object ended meanwhile
 */
export function readFromStart(fd: number, path: string): string | undefined {
  let text = "";
  const chunk = memory().reserveUncleared(CHUNK_BYTES);
  for (let at = 0; ; ) {
    const length = trySyscall("pread64", fd, memory().addressOf(chunk), CHUNK_BYTES, at);
    if (length === -Errno.ENODEV) return undefined; // the group was removed after it was opened
    if (length < 0) throw new SysError("pread64", -length, path);
    if (length === 0) return text;
    text += memory().string(chunk, length);
    if (length < CERTAINLY_ALL_BYTES) return text;
    at += length;
  }
}

/** Writes a setting in one call, as the kernel wants it; the file must exist. */
export function writeSmallFile(path: string, text: string): void {
  const fd = syscall("openat", path, AT.FDCWD, memory().text(path), O.WRONLY | O.CLOEXEC);
  try {
    const bytes = Buffer.from(text);
    syscall("write", `${text} to ${path}`, fd, memory().copy(bytes), bytes.length);
  } finally {
    close(fd);
  }
}

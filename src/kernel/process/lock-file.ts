import { AT, O } from "../ffi/constants.ts";
import { Errno, SysError } from "../ffi/errno.ts";
import { trySyscall } from "../ffi/syscall.ts";
import { close, ftruncate, openat, read, write } from "../files/at.ts";

const LOCK_EX = 2;
const LOCK_NB = 4;

export type LockResult =
  | { readonly held: true; readonly lock: Disposable }
  /** Somebody else has it; their pid as the file tells it. */
  | { readonly held: false; readonly pid: number | undefined };

/**
 * Takes the lock of a file, made when missing, and writes our pid into it. The kernel gives the lock back when this
 * process ends, however it ends; the descriptor is not inherited by children.
 * @throws SysError when the file cannot be opened
 */
export function lockFile(path: string): LockResult {
  const fd = openat(AT.FDCWD, path, O.RDWR | O.CREAT, 0o600);
  const result = trySyscall("flock", fd, LOCK_EX | LOCK_NB);
  if (result < 0 && result !== -Errno.EAGAIN) {
    close(fd);
    throw new SysError("flock", -result, path);
  }
  if (result < 0) {
    const pid = readPid(fd);
    close(fd);
    return { held: false, pid };
  }
  ftruncate(fd, 0);
  write(fd, Buffer.from(`${process.pid}\n`));
  return { held: true, lock: { [Symbol.dispose]: () => close(fd) } };
}

function readPid(fd: number): number | undefined {
  const text = new Uint8Array(16);
  const length = read(fd, text);
  return Number.parseInt(Buffer.from(text.subarray(0, length)).toString(), 10) || undefined;
}

import { ERRNO_TABLE } from "./errno-table.ts";

/**
 * A system call the kernel refused. `code` is the name node:fs would give ("ENOENT"), so `isErrno()` in base/fs.ts
 * recognises both; `errno` is the positive number of errno(3).
 */
export class SysError extends Error {
  override readonly name: string = "SysError";
  readonly code: string;
  readonly errno: number;
  readonly syscall: string;
  /** "no such file or directory", with what the kernel explained. */
  readonly reason: string;

  /**
   * @param syscall the call, or the request where a call carries many kinds of them
   * @param object what it was asked to work on
   * @param kernelWords the kernel's explanation, where it gave one
   */
  constructor(syscall: string, errno: number, object: string, kernelWords = "") {
    const [code, words] = ERRNO_TABLE[errno] ?? [`E${errno}`, "unknown error"];
    const subject = object === "" ? syscall : `${syscall} ${object}`;
    const explained = kernelWords === "" ? "" : `: ${kernelWords}`;
    super(`${subject}: ${words} (${code})${explained}`);
    this.reason = `${words}${explained}`;
    this.code = code;
    this.errno = errno;
    this.syscall = syscall;
  }
}

/** Error numbers our own code decides on or raises. */
export const Errno = {
  ENOENT: 2,
  ESRCH: 3,
  EINTR: 4,
  EAGAIN: 11,
  EBUSY: 16,
  EEXIST: 17,

  ENODEV: 19,
  EINVAL: 22,
  ENAMETOOLONG: 36,
  ENODATA: 61,
  EPROTONOSUPPORT: 93,
  EOPNOTSUPP: 95,
  EADDRINUSE: 98,
  ENOBUFS: 105,
  EINPROGRESS: 115,
} as const;

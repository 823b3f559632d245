import { CFunction, dlopen, FFIType, type Pointer, ptr } from "bun:ffi";
import { TRAMPOLINES } from "./trampoline.ts";

/** Number and six arguments to the kernel's answer: a result, or -errno. */
export type RawSyscall = (
  number: number,
  a: number,
  b: number,
  c: number,
  d: number,
  e: number,
  f: number,
) => number;

const PROT_READ_WRITE = 3;
const PROT_READ_EXEC = 5;
const MAP_PRIVATE_ANONYMOUS = 0x22;
const MAP_FAILED = -1;
const PAGE_BYTES = 4096;

/**
 * Opens libc just far enough to place the trampoline, through which every other call goes: libc's wrappers leave
 * errno in thread-local memory, which the runtime's own calls can overwrite before we read it.
 */
export function openRawSyscall(): RawSyscall {
  const code = TRAMPOLINES[process.arch];
  if (!code) throw new Error(`no system call trampoline for ${process.arch}`);
  const { symbols: libc } = dlopen("libc.so.6", {
    mmap: { args: ["ptr", "u64", "i32", "i32", "i32", "i64"], returns: FFIType.i64_fast },
    memcpy: { args: ["ptr", "ptr", "u64"], returns: "ptr" },
    mprotect: { args: ["ptr", "u64", "i32"], returns: "i32" },
  });
  const page = Number(libc.mmap(null, PAGE_BYTES, PROT_READ_WRITE, MAP_PRIVATE_ANONYMOUS, -1, 0)) as Pointer;
  if (page === MAP_FAILED) throw new Error("no memory page for system calls");
  libc.memcpy(page, ptr(code), code.length);
  // Turning the page executable makes the kernel synchronise the instruction cache (arm64 needs it), and a page
  // is never writable and executable at once.
  if (libc.mprotect(page, PAGE_BYTES, PROT_READ_EXEC) !== 0) {
    throw new Error("cannot make a memory page executable: is a security policy forbidding it?");
  }
  return asFunction(page);
}

function asFunction(page: Pointer): RawSyscall {
  return CFunction({
    ptr: page,
    args: ["i64", "i64", "i64", "i64", "i64", "i64", "i64"],
    returns: FFIType.i64_fast,
  }) as unknown as RawSyscall;
}

import { SysError } from "./errno.ts";
import { openRawSyscall, type RawSyscall } from "./libc.ts";
import { CallMemory } from "./memory.ts";
import { SYSCALLS, type SyscallName } from "./numbers.ts";

/** What one thread needs to enter the kernel. */
interface Machine {
  readonly raw: RawSyscall;
  readonly memory: CallMemory;
  /** Column of `SYSCALLS`. */
  readonly column: 0 | 1;
}

/** Made by the first call and kept for the thread's life: a machine-code page and argument memory, no decisions. */
let opened: Machine | undefined;

function machine(): Machine {
  opened ??= {
    raw: openRawSyscall(),
    memory: new CallMemory(),
    column: process.arch === "arm64" ? 1 : 0,
  };
  return opened;
}

/** Where arguments of the next call are written. */
export function memory(): CallMemory {
  return machine().memory;
}

/** Enters the kernel. @returns its answer; -errno when it refused */
export function trySyscall(name: SyscallName, a = 0, b = 0, c = 0, d = 0, e = 0, f = 0): number {
  const { raw, column } = opened ?? machine();
  return raw(SYSCALLS[name][column], a, b, c, d, e, f);
}

/**
 * Enters the kernel.
 * @param object what the call works on, for the error's text
 * @throws SysError when the kernel refuses
 */
export function syscall(
  name: SyscallName,
  object: string | Uint8Array,
  a = 0,
  b = 0,
  c = 0,
  d = 0,
  e = 0,
  f = 0,
): number {
  const result = trySyscall(name, a, b, c, d, e, f);
  if (result < 0) throw new SysError(name, -result, nameOf(object));
  return result;
}

export function nameOf(object: string | Uint8Array): string {
  return typeof object === "string" ? object : Buffer.from(object).toString();
}

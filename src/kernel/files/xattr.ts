import { Errno, SysError } from "../ffi/errno.ts";
import { memory, syscall, trySyscall } from "../ffi/syscall.ts";
import type { FileName } from "./at.ts";

/** The kernel's bounds on one value and on the list of names: XATTR_SIZE_MAX, XATTR_LIST_MAX. */
const LARGEST_BYTES = 65536;

/** Value of an extended attribute of the path itself; undefined where it, or its file system, has none of this name. */
export function getXattr(path: FileName, name: string): Uint8Array | undefined {
  const call = memory();
  const value = call.reserve(LARGEST_BYTES);
  const length = trySyscall(
    "lgetxattr",
    call.text(path),
    call.text(name),
    call.addressOf(value),
    LARGEST_BYTES,
  );
  if (length === -Errno.ENODATA || length === -Errno.EOPNOTSUPP) return undefined;
  if (length < 0) throw new SysError("lgetxattr", -length, `${name} of ${path}`);
  return call.bytes(value, length);
}

export function setXattr(path: FileName, name: string, value: Uint8Array): void {
  const bytes = memory().copy(value);
  const file = memory().text(path);
  syscall("lsetxattr", `${name} of ${path}`, file, memory().text(name), bytes, value.length);
}

export function listXattrs(path: FileName): string[] {
  const names = memory().reserve(LARGEST_BYTES);
  const length = syscall("llistxattr", path, memory().text(path), memory().addressOf(names), LARGEST_BYTES);
  return memory().string(names, length).split("\0").slice(0, -1);
}

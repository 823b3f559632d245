import { AT, F_ADD_SEALS, F_SEAL, MFD, O } from "../ffi/constants.ts";
import { Errno, SysError } from "../ffi/errno.ts";
import { memory, syscall, trySyscall } from "../ffi/syscall.ts";
import { close, openat } from "./at.ts";

const COPY_BYTES = 1 << 30;

/**
 * Copies a program to memory nobody can change any more, so that what runs as root is what was read, even when a
 * container gets at its own /proc/self/exe.
 * @returns a descriptor open for reading: a program with a writer cannot be executed (ETXTBSY)
 */
export function sealedCopy(path: string, name: string): number {
  const writable = createMemoryFile(name);
  try {
    copyInto(writable, path);
    const seals = F_SEAL.SEAL | F_SEAL.SHRINK | F_SEAL.GROW | F_SEAL.WRITE;
    syscall("fcntl", `seals of ${name}`, writable, F_ADD_SEALS, seals);
    return openat(AT.FDCWD, `/proc/self/fd/${writable}`, O.RDONLY);
  } finally {
    close(writable);
  }
}

function createMemoryFile(name: string): number {
  const flags = MFD.CLOEXEC | MFD.ALLOW_SEALING;
  // MFD_EXEC asks for what was the only way before Linux 6.3, which refuses the flag.
  const fd = trySyscall("memfd_create", memory().text(name), flags | MFD.EXEC);
  if (fd !== -Errno.EINVAL) {
    if (fd < 0) throw new SysError("memfd_create", -fd, name);
    return fd;
  }
  return syscall("memfd_create", name, memory().text(name), flags);
}

function copyInto(target: number, path: string): void {
  const source = openat(AT.FDCWD, path, O.RDONLY);
  try {
    while (syscall("sendfile", path, target, source, 0, COPY_BYTES) > 0);
  } finally {
    close(source);
  }
}

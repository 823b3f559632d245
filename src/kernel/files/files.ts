import { AF, AT, O, RESOLVE, SOCK } from "../ffi/constants.ts";
import { memory, syscall, trySyscall } from "../ffi/syscall.ts";
import type { Files } from "../types.ts";
import { close, openat, openat2 } from "./at.ts";
import { passDescriptor } from "./pass.ts";
import { sealedCopy } from "./sealed-copy.ts";
import { getXattr, listXattrs, setXattr } from "./xattr.ts";

export function createFiles(): Files {
  return {
    openInRoot: (rootFd, path, flags, mode = 0) =>
      openat2(rootFd, path, flags, mode, RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS),
    openDirectory: (path) => openat(AT.FDCWD, path, O.PATH | O.DIRECTORY),
    close,
    getXattr,
    setXattr,
    listXattrs,
    socketPair,
    isHungUp,
    unreadBytes,
    passDescriptor,
    sealedCopy,
    statfs,
  };
}

function socketPair(): [number, number] {
  const pair = memory().reserve(8);
  const type = SOCK.STREAM | SOCK.CLOEXEC | SOCK.NONBLOCK;
  syscall("socketpair", "AF_UNIX", AF.UNIX, type, 0, memory().addressOf(pair));
  const { view } = memory();
  return [view.getInt32(pair, true), view.getInt32(pair + 4, true)];
}

const POLLERR = 0x8;
const POLLHUP = 0x10;

/** Both are reported without being asked for. A descriptor that cannot be asked counts as gone. */
function isHungUp(fd: number): boolean {
  const polled = memory().reserve(8); // struct pollfd
  const noWait = memory().reserve(16); // struct timespec
  memory().view.setInt32(polled, fd, true);
  const ready = trySyscall("ppoll", memory().addressOf(polled), 1, memory().addressOf(noWait));
  return ready < 0 || (memory().view.getInt16(polled + 6, true) & (POLLERR | POLLHUP)) !== 0;
}

const SIOCOUTQ = 0x5411;

/** Of AF_UNIX the kernel counts with its own overhead: only whether it is none is exact. @see man unix(7) */
function unreadBytes(fd: number): number {
  const count = memory().reserve(4);
  const result = trySyscall("ioctl", fd, SIOCOUTQ, memory().addressOf(count));
  return result < 0 ? 0 : memory().view.getInt32(count, true);
}

/** struct statfs of 64-bit machines (asm-generic/statfs.h): eight-byte fields, type, block size, blocks, free, available; flags are the eleventh. */
export function statfs(path: string): ReturnType<Files["statfs"]> {
  const result = memory().reserve(120);
  syscall("statfs", path, memory().text(path), memory().addressOf(result));
  const field = (index: number) => Number(memory().view.getBigInt64(result + index * 8, true));
  return {
    type: field(0),
    blockSize: field(1),
    blocks: field(2),
    free: field(3),
    available: field(4),
    flags: field(10),
  };
}

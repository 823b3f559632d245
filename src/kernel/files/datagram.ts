import { AF, MSG, SOCK } from "../ffi/constants.ts";
import { Errno, SysError } from "../ffi/errno.ts";
import { memory, syscall, trySyscall } from "../ffi/syscall.ts";
import { close } from "./at.ts";

/** sockaddr_un: the family and a path of at most 107 bytes with its NUL. */
const ADDRESS_BYTES = 110;
const PATH_AT = 2;

/** An AF_UNIX datagram socket whose messages go to one path. */
export interface UnixDatagram {
  /** @returns false when the receiver's queue is full @throws SysError when nobody is there, or the message is too large */
  send(message: Uint8Array): boolean;
  close(): void;
}

/** @throws SysError ENAMETOOLONG for a path that no address holds */
export function openUnixDatagram(path: string): UnixDatagram {
  const name = Buffer.from(path);
  if (name.length > ADDRESS_BYTES - PATH_AT - 1) throw new SysError("connect", Errno.ENAMETOOLONG, path);
  const fd = syscall("socket", "AF_UNIX", AF.UNIX, SOCK.DGRAM | SOCK.CLOEXEC | SOCK.NONBLOCK, 0);
  const address = new Uint8Array(ADDRESS_BYTES);
  new DataView(address.buffer).setUint16(0, AF.UNIX, true);
  address.set(name, PATH_AT);
  return {
    send(message) {
      const to = memory().copy(address);
      const bytes = memory().pin(message);
      const sent = trySyscall("sendto", fd, bytes, message.byteLength, MSG.DONTWAIT, to, address.length);
      if (sent >= 0) return true;
      if (sent === -Errno.EAGAIN || sent === -Errno.ENOBUFS) return false;
      throw new SysError("sendto", -sent, path);
    },
    close: () => close(fd),
  };
}

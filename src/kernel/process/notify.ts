import { AF, SOCK } from "../ffi/constants.ts";
import { memory, syscall } from "../ffi/syscall.ts";
import { close } from "../files/at.ts";

const FAMILY_BYTES = 2;
const MAX_PATH_BYTES = 108;

/**
 * Sends one datagram to a UNIX socket and does not wait: sd_notify(3) without its library.
 * @param path of the socket; a leading "@" names an abstract one
 * @throws SysError when nobody listens there
 */
export function sendDatagram(path: string, message: string): void {
  const fd = syscall("socket", path, AF.UNIX, SOCK.DGRAM | SOCK.CLOEXEC);
  try {
    const bytes = Buffer.from(message);
    const text = memory().copy(bytes);
    const address = unixAddress(path);
    syscall("sendto", path, fd, text, bytes.byteLength, 0, memory().copy(address), address.byteLength);
  } finally {
    close(fd);
  }
}

/** struct sockaddr_un (sys/un.h), without the end of the path that is not used. */
function unixAddress(path: string): Buffer {
  const isAbstract = path.startsWith("@");
  const name = Buffer.from(isAbstract ? `\0${path.slice(1)}` : `${path}\0`);
  if (name.byteLength > MAX_PATH_BYTES) throw new RangeError(`socket path is too long: ${path}`);
  const address = Buffer.alloc(FAMILY_BYTES + name.byteLength);
  address.writeUInt16LE(AF.UNIX);
  name.copy(address, FAMILY_BYTES);
  return address;
}

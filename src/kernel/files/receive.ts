import { MSG } from "../ffi/constants.ts";
import { Errno, SysError } from "../ffi/errno.ts";
import { memory, trySyscall } from "../ffi/syscall.ts";

const POLLIN = 1;

/**
 * Receives from a connection that does not block, and waits where there is nothing yet: for processes whose one thread
 * has nothing else to do.
 * @returns how many bytes of `buffer` were filled; 0 at the connection's end
 * @throws SysError, ECONNRESET among others
 */
export function receive(fd: number, buffer: Uint8Array): number {
  for (;;) {
    const count = trySyscall("recvfrom", fd, memory().pin(buffer), buffer.byteLength, MSG.DONTWAIT);
    if (count >= 0) return count;
    if (count === -Errno.EAGAIN) waitUntilReadable(fd);
    else if (count !== -Errno.EINTR) throw new SysError("recvfrom", -count, `fd ${fd}`);
  }
}

function waitUntilReadable(fd: number): void {
  const polled = memory().reserve(8); // struct pollfd
  memory().view.setInt32(polled, fd, true);
  memory().view.setInt16(polled + 4, POLLIN, true);
  const result = trySyscall("ppoll", memory().addressOf(polled), 1);
  if (result < 0 && result !== -Errno.EINTR) throw new SysError("ppoll", -result, `fd ${fd}`);
}

import type { Duplex } from "node:stream";

/** So long a peer may take to end its half after ours is sent. */
const LINGER_MS = 2_000;

/**
 * Ends our half and reads on until the peer ends its own: closing with its bytes unread would make the kernel throw
 * away what it has not read yet. A stream that closes itself when both halves ended needs no more.
 */
export function endAndLinger(socket: Duplex): void {
  if (socket.destroyed) return;
  socket.resume();
  socket.end(() => {
    const deadline = setTimeout(() => socket.destroy(), LINGER_MS);
    socket.once("close", () => clearTimeout(deadline));
  });
}

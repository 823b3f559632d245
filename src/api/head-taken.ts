/**
 * docker-py reads an answer's head through a buffer and the stream behind it past that buffer: output that comes
 * together with the head is lost to it. An engine that takes its time hides that; here a process may have written, and
 * ended, before such a client wakes up. So its stream begins when the kernel says that it has read the head.
 */
import type { PeerSocket } from "./http/socket.ts";

/** Its own name for itself, whatever program uses it. */
const READS_PAST_ITS_BUFFER = /^docker-sdk-python\//;

const LONGEST_MS = 2000;

/** Bytes of a connection that its other end has not read yet. @param fd a socket of AF_UNIX */
export type UnreadBytes = (fd: number) => number;

export function needsHeadTaken(userAgent: string | undefined): boolean {
  return userAgent !== undefined && READS_PAST_ITS_BUFFER.test(userAgent);
}

/** Returns once nothing sent is unread, or when waiting longer would help nobody. */
export async function headTaken(
  socket: Pick<PeerSocket, "fd" | "destroyed">,
  unread: UnreadBytes,
  sleep: (ms: number) => Promise<unknown> = Bun.sleep,
): Promise<void> {
  const { fd } = socket;
  if (fd === undefined) return;
  for (let waitedMs = 0; waitedMs < LONGEST_MS && !socket.destroyed; waitedMs++) {
    if (unread(fd) <= 0) return;
    await sleep(1);
  }
}

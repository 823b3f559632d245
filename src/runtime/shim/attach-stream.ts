import net from "node:net";
import type { AttachOptions, AttachStream } from "../types.ts";
import { checkAnswer, encodeAttachHello, HEAD_BYTES } from "./protocol.ts";

/** A reader whose other end the supervisor inherits: ready at once. Takes over `fd`. */
export function inheritedAttachStream(fd: number): AttachStream {
  // Bun takes `fd` here as its own Bun.connect does; `new net.Socket({ fd })` would never read.
  return asAttachStream(net.connect({ fd, allowHalfOpen: true } as unknown as net.NetConnectOpts));
}

/**
 * Joins a running process's readers.
 * @param path of the supervisor's socket
 * @throws when nobody listens there or the supervisor refuses
 */
export async function connectAttachStream(path: string, options: AttachOptions): Promise<AttachStream> {
  const socket = net.connect({ path, allowHalfOpen: true });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const closed = () => reject(new Error("the supervisor closed the connection"));
  const readable = () => {
    const answer: Buffer | null = socket.read(HEAD_BYTES);
    if (!answer) return;
    try {
      checkAnswer(answer);
      resolve();
    } catch (error) {
      reject(error);
    }
  };
  socket.on("readable", readable).once("close", closed).once("error", reject);
  socket.write(encodeAttachHello(options));
  try {
    await promise;
  } catch (error) {
    socket.destroy();
    throw error;
  } finally {
    socket.off("readable", readable).off("close", closed).off("error", reject);
  }
  return asAttachStream(socket);
}

function asAttachStream(socket: net.Socket): AttachStream {
  socket.on("error", () => {}); // writing to a process that has ended is no failure of ours; `close` follows
  socket.once("end", () => socket.end());
  return socket;
}

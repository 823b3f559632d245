import type { Socket } from "bun";
import { Unavailable } from "#base/errors.ts";
import { checkAnswer, encodeControlHello, HEAD_BYTES, type Notice, NoticeDecoder } from "./protocol.ts";

export interface ControlHandlers {
  readonly notice: (notice: Notice) => void;
  /** Once, when the supervisor has closed or broken the connection, or talked nonsense. */
  readonly closed: () => void;
  /** Before `closed`: a supervisor is there and does not want to talk with us. */
  readonly refused?: (reason: Unavailable) => void;
}

/** Where a supervisor listens: an inherited connection's own end, or the path of its socket. */
export type ControlTarget = { readonly fd: number } | { readonly path: string };

interface Incoming {
  readonly decoder: NoticeDecoder;
  readonly handlers: ControlHandlers;
  /** Bytes of the answer to our hello, as far as they came; undefined once it is complete. */
  answer: Buffer | undefined;
}

/** The daemon's end of a control connection: requests out, notices in. */
export class ControlConnection implements Disposable {
  readonly #socket: Socket<Incoming>;

  private constructor(socket: Socket<Incoming>) {
    this.#socket = socket;
  }

  /** @throws when nobody listens; a refused hello shows as `closed` */
  static async open(target: ControlTarget, handlers: ControlHandlers): Promise<ControlConnection> {
    const inherited = "fd" in target;
    const data: Incoming = {
      decoder: new NoticeDecoder(),
      handlers,
      answer: inherited ? undefined : Buffer.alloc(0),
    };
    // Bun takes an open descriptor here; its type for that is not among connect's.
    const where = (inherited ? { fd: target.fd } : { unix: target.path }) as { unix: string };
    const socket = await Bun.connect<Incoming>({ ...where, data, socket: SOCKET_HANDLERS });
    if (!inherited) socket.write(encodeControlHello());
    return new ControlConnection(socket);
  }

  /** Requests are a few bytes and rare: they fit the socket's buffer, or the supervisor is gone. */
  send(request: Uint8Array): void {
    this.#socket.write(request);
  }

  [Symbol.dispose](): void {
    this.#socket.terminate();
  }
}

const SOCKET_HANDLERS = {
  data(socket: Socket<Incoming>, bytes: Buffer): void {
    try {
      receive(socket.data, bytes);
    } catch (error) {
      if (error instanceof Unavailable) socket.data.handlers.refused?.(error);
      socket.terminate(); // `close` follows, and with it the search for the exit record
    }
  },
  close(socket: Socket<Incoming>): void {
    socket.data.handlers.closed();
  },
  error(): void {},
};

function receive(incoming: Incoming, bytes: Buffer): void {
  const rest = incoming.answer ? takeAnswer(incoming, incoming.answer, bytes) : bytes;
  for (const notice of incoming.decoder.push(rest)) incoming.handlers.notice(notice);
}

function takeAnswer(incoming: Incoming, before: Buffer, bytes: Buffer): Buffer {
  const all = Buffer.concat([before, bytes]);
  incoming.answer = all.length < HEAD_BYTES ? all : undefined;
  if (incoming.answer) return Buffer.alloc(0);
  checkAnswer(all.subarray(0, HEAD_BYTES));
  return all.subarray(HEAD_BYTES);
}

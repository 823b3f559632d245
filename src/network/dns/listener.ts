import type { udp } from "bun";
import type { Kernel } from "#kernel/types.ts";
import { u16 } from "./message.ts";
import { NAME_SERVER_ADDRESS } from "./types.ts";
import { framed } from "./upstream.ts";

const PORT = 53;
/** In the container's namespace: our rules there. */
const TABLE = "wharf-names";
const MOST_TCP_CLIENTS = 64;
/** Seconds without a word from a TCP client. */
const TCP_IDLE = 10;

/**
 * Answers one message, at once or later.
 * @param maxBytes undefined: as many as the client says it takes by UDP
 */
export type Respond = (
  message: Uint8Array,
  options: { readonly byTcp: boolean },
  send: (answer: Uint8Array) => void,
) => void;

/**
 * Listens where the container asks, by UDP and TCP. Port 53 stays the container's own: a name server that runs in it
 * listens there on every address, so ours is elsewhere and the packets are sent on.
 */
export function listenIn(
  kernel: Pick<Kernel, "netns" | "firewall">,
  netnsPath: string,
  respond: Respond,
): Disposable {
  using made = new DisposableStack();
  using namespace = kernel.netns.open(netnsPath);
  namespace.run(() => {
    const datagrams = listenUdp(respond);
    made.defer(() => datagrams.close());
    const streams = listenTcp(respond);
    made.defer(() => streams.stop(true));
    const to = { udp: datagrams.port, tcp: streams.port };
    kernel.firewall.redirectLoopback({ table: TABLE, address: NAME_SERVER_ADDRESS, port: PORT, to });
  });
  return made.move();
}

function listenUdp(respond: Respond): udp.Socket<"buffer"> {
  const outbox = new Outbox();
  const bound = Bun.peek(
    Bun.udpSocket({
      hostname: NAME_SERVER_ADDRESS,
      port: 0,
      socket: {
        data: (socket, message, port, address) =>
          respond(message, { byTcp: false }, (answer) => outbox.send(socket, answer, port, address)),
        error: () => {}, // a client that has gone
      },
    }),
  );
  if (bound instanceof Promise) throw new Error("a UDP socket is still being bound");
  return bound;
}

/** Answers to what was read in one go leave in one go: a system call for each would cost as much as all else. */
class Outbox {
  #waiting: (Uint8Array | number | string)[] = [];

  send(socket: udp.Socket<"buffer">, answer: Uint8Array, port: number, address: string): void {
    if (this.#waiting.length === 0) setImmediate(() => this.#flush(socket));
    this.#waiting.push(answer, port, address);
  }

  #flush(socket: udp.Socket<"buffer">): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    try {
      if (waiting.length > 0 && !socket.closed)
        socket.sendMany(waiting as Parameters<typeof socket.sendMany>[0]);
    } catch {
      // the container has gone
    }
  }
}

interface TcpClient {
  received: Buffer;
}

function listenTcp(respond: Respond): Bun.TCPSocketListener<TcpClient> {
  let clients = 0;
  return Bun.listen<TcpClient>({
    hostname: NAME_SERVER_ADDRESS,
    port: 0,
    socket: {
      open(socket) {
        socket.data = { received: Buffer.alloc(0) };
        socket.timeout(TCP_IDLE);
        if (++clients > MOST_TCP_CLIENTS) socket.terminate();
      },
      data(socket, data) {
        socket.timeout(TCP_IDLE);
        socket.data.received = takeMessages(Buffer.concat([socket.data.received, data]), (message) =>
          respond(message, { byTcp: true }, (answer) => void socket.write(framed(answer))),
        );
      },
      timeout: (socket) => socket.terminate(),
      close: () => void clients--,
      error: (socket) => socket.terminate(),
    },
  });
}

/** @returns what is left: the beginning of the next message */
function takeMessages(received: Buffer, take: (message: Buffer) => void): Buffer {
  let rest = received;
  while (rest.length >= 2 && rest.length >= 2 + u16(rest, 0)) {
    const end = 2 + u16(rest, 0);
    take(rest.subarray(2, end));
    rest = rest.subarray(end);
  }
  return rest;
}

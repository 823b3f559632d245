import type { udp } from "bun";
import type { DatagramBatch, DatagramPeer, Kernel } from "#kernel/types.ts";
import { u16 } from "./message.ts";
import { NAME_SERVER_ADDRESS } from "./types.ts";
import { framed } from "./upstream.ts";

const PORT = 53;
/** In the container's namespace: our rules there. */
const TABLE = "wharf-names";
/** Batches of questions before others of the process have their turn, and looks in vain before the next pause. */
const MOST_ROUNDS = 64;
const MOST_LOOKS = 4;
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
  kernel: Pick<Kernel, "netns" | "firewall" | "sockets">,
  netnsPath: string,
  batch: DatagramBatch,
  respond: Respond,
): Disposable {
  using made = new DisposableStack();
  using namespace = kernel.netns.open(netnsPath);
  namespace.run(() => {
    const datagrams = listenUdp(kernel, batch, respond);
    made.defer(() => datagrams.close());
    const streams = listenTcp(respond);
    made.defer(() => streams.stop(true));
    const to = { udp: datagrams.port, tcp: streams.port };
    kernel.firewall.redirectLoopback({ table: TABLE, address: NAME_SERVER_ADDRESS, port: PORT, to });
  });
  return made.move();
}

function listenUdp(
  { sockets }: Pick<Kernel, "sockets">,
  batch: DatagramBatch,
  respond: Respond,
): udp.Socket<"buffer"> {
  const { fd } = sockets.bindDatagrams(NAME_SERVER_ADDRESS);
  const datagrams = new Datagrams(fd, batch, respond);
  const bound = Bun.peek(
    Bun.udpSocket({
      fd,
      socket: {
        data: (socket, message, port, address) => datagrams.woken(socket, message, { address, port }),
        error: () => {}, // a client that has gone
      },
    } as udp.SocketOptions<"buffer">),
  );
  if (bound instanceof Promise) throw new Error("a UDP socket is still being bound");
  return bound;
}

/**
 * Bun tells of the first questions after a pause; what has come by then, and comes while those are answered, is read and
 * answered in batches. Answers that come later wait for the next.
 */
class Datagrams {
  readonly #fd: number;
  readonly #batch: DatagramBatch;
  readonly #respond: Respond;
  readonly #waiting: { readonly peer: DatagramPeer; readonly answer: Uint8Array }[] = [];
  #isScheduled = false;
  #isWorking = false;

  constructor(fd: number, batch: DatagramBatch, respond: Respond) {
    this.#fd = fd;
    this.#batch = batch;
    this.#respond = respond;
  }

  woken(
    socket: udp.Socket<"buffer">,
    message: Uint8Array,
    from: { readonly address: string; readonly port: number },
  ): void {
    this.#take(socket, message, { address: addressNumber(from.address), port: from.port });
    this.#schedule(socket);
  }

  #take(socket: udp.Socket<"buffer">, message: Uint8Array, peer: DatagramPeer): void {
    this.#respond(message, { byTcp: false }, (answer) => {
      if (this.#isWorking) return this.#batch.send(this.#fd, peer, answer);
      this.#waiting.push({ peer, answer });
      this.#schedule(socket);
    });
  }

  #schedule(socket: udp.Socket<"buffer">): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      if (!socket.closed) this.#work(socket); // the container has gone, and the number may be another's
    });
  }

  #work(socket: udp.Socket<"buffer">): void {
    this.#isWorking = true;
    try {
      this.#exchange(socket);
    } finally {
      this.#isWorking = false;
    }
  }

  #exchange(socket: udp.Socket<"buffer">): void {
    for (const { peer, answer } of this.#waiting.splice(0)) this.#batch.send(this.#fd, peer, answer);
    let looks = MOST_LOOKS;
    for (let rounds = 0; rounds < MOST_ROUNDS && looks > 0; rounds++) {
      const count = this.#batch.receive(this.#fd);
      for (let index = 0; index < count; index++) {
        const message = this.#batch.message(index);
        if (message) this.#take(socket, message, this.#batch.peer(index));
      }
      this.#batch.flush(this.#fd);
      looks = count > 1 ? MOST_LOOKS : looks - 1;
    }
  }
}

/** "127.0.0.1" as a number, the first byte the highest. */
function addressNumber(address: string): number {
  return address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
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

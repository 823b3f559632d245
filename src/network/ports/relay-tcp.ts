import type { Socket, SocketHandler } from "bun";
import type { Log } from "#base/log.ts";
import type { IpAddress } from "#kernel/types.ts";
import type { PublishedPort } from "../types.ts";
import type { RelayOptions } from "./hold.ts";

/** One end of a relayed connection. */
interface End {
  other: Socket<End> | undefined;
  /** Bytes this end has not taken yet; its sender is paused meanwhile. */
  backlog: Uint8Array | undefined;
  /** The sender has said all: end this side's stream once the backlog is gone. */
  isFinishing: boolean;
}

/** Accepts connections and copies both directions, each half closed on its own, no faster than the reader reads. */
export function openTcpRelay(
  port: PublishedPort,
  target: IpAddress,
  { log, ipv6Only }: RelayOptions,
): Disposable {
  const handlers: SocketHandler<End> = {
    ...COPY,
    open: (client) => void connect(client, target, port, log),
  };
  const options = {
    hostname: port.hostAddress,
    port: port.hostPort,
    allowHalfOpen: true,
    ipv6Only,
    socket: handlers,
  };
  const listener = Bun.listen<End>(options);
  return { [Symbol.dispose]: () => listener.stop(true) };
}

async function connect(client: Socket<End>, target: IpAddress, port: PublishedPort, log: Log): Promise<void> {
  client.data = newEnd(undefined);
  client.pause();
  try {
    const options = { hostname: target, port: port.containerPort, allowHalfOpen: true };
    const server = await Bun.connect<End>({ ...options, socket: COPY, data: newEnd(client) });
    client.data.other = server;
    client.resume();
    if (client.readyState < 0) server.terminate(); // it left while we were connecting
  } catch (error) {
    log.debug("a relayed connection was refused", { target, port: port.containerPort, error });
    client.terminate();
  }
}

function newEnd(other: Socket<End> | undefined): End {
  return { other, backlog: undefined, isFinishing: false };
}

const COPY: SocketHandler<End> = {
  data(from, chunk) {
    const to = from.data.other;
    if (to) send(to, chunk, from);
  },
  drain(to) {
    const { backlog } = to.data;
    if (!backlog) return;
    to.data.backlog = undefined;
    send(to, backlog, to.data.other);
    if (to.data.backlog) return;
    to.data.other?.resume();
    if (to.data.isFinishing) to.shutdown();
  },
  end: (from) => finish(from.data.other),
  close(from) {
    finish(from.data.other);
    from.data.other = undefined;
  },
  error(from) {
    from.data.other?.terminate();
    from.terminate();
  },
  connectError() {}, // the promise of Bun.connect tells
};

function send(to: Socket<End>, chunk: Uint8Array, from: Socket<End> | undefined): void {
  const { backlog } = to.data;
  if (backlog) {
    to.data.backlog = Buffer.concat([backlog, chunk]);
    return;
  }
  const written = Math.max(0, to.write(chunk));
  if (written === chunk.length) return;
  to.data.backlog = Buffer.from(chunk.subarray(written));
  from?.pause();
}

function finish(to: Socket<End> | undefined): void {
  if (!to) return;
  to.data.isFinishing = true;
  if (!to.data.backlog) to.shutdown();
}

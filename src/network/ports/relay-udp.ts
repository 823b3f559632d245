import type { udp } from "bun";
import type { IpAddress } from "#kernel/types.ts";
import type { PublishedPort } from "../types.ts";
import type { RelayOptions } from "./hold.ts";

/** A client that said nothing for so long is forgotten; as long as the kernel remembers a UDP stream by default. */
const IDLE_MS = 120_000;
/** Clients remembered for one port; the one that was quiet longest makes room. */
const MOST_CLIENTS = 1024;
/** In the flags of Bun.udpSocket. */
const IPV6_ONLY = 8;

interface Client {
  readonly socket: Promise<udp.ConnectedSocket<"buffer">>;
  timer: Timer;
}

/** Copies datagrams; each client gets a socket of its own towards the container, so that answers find back. */
export function openUdpRelay(
  port: PublishedPort,
  target: IpAddress,
  { log, ipv6Only }: RelayOptions,
): Disposable {
  const clients = new Map<string, Client>();
  const listener = bind(port, ipv6Only ? IPV6_ONLY : 0, (server, data, clientPort, clientAddress) => {
    const key = `${clientAddress} ${clientPort}`;
    const answer = (reply: Buffer) => void server.send(reply, clientPort, clientAddress);
    const client = clients.get(key) ?? open(answer);
    remember(clients, key, client);
    client.socket
      .then((socket) => socket.send(data))
      .catch((error) => log.debug("a datagram was lost", { error }));
  });
  const open = (answer: (reply: Buffer) => void): Client => ({
    socket: connect(target, port.containerPort, answer),
    timer: setTimeout(() => {}),
  });
  return {
    [Symbol.dispose]() {
      for (const key of [...clients.keys()]) forget(clients, key);
      listener.close();
    },
  };
}

type OnDatagram = NonNullable<udp.SocketHandler<"buffer">["data"]>;

/** Bun binds before it returns: a refusal is thrown at once, and the promise is settled. */
function bind(port: PublishedPort, flags: number, data: OnDatagram): udp.Socket<"buffer"> {
  const options = { hostname: port.hostAddress, port: port.hostPort, flags, socket: { data } };
  const bound = Bun.peek(Bun.udpSocket<"buffer">(options));
  if (bound instanceof Promise) throw new Error(`udp port ${port.hostPort}: still being bound`);
  return bound;
}

function connect(target: IpAddress, port: number, answer: (reply: Buffer) => void): Client["socket"] {
  return Bun.udpSocket({
    connect: { hostname: target, port },
    socket: {
      data: (_socket, reply) => answer(reply),
      error() {}, // "connection refused" of an earlier datagram: the container does not listen yet
    },
  });
}

/** Most recently heard last. */
function remember(clients: Map<string, Client>, key: string, client: Client): void {
  clearTimeout(client.timer);
  clients.delete(key);
  clients.set(key, client);
  client.timer = setTimeout(() => forget(clients, key), IDLE_MS);
  client.timer.unref();
  const [quietest] = clients.keys();
  if (clients.size > MOST_CLIENTS && quietest !== undefined) forget(clients, quietest);
}

function forget(clients: Map<string, Client>, key: string): void {
  const client = clients.get(key);
  if (!client) return;
  clients.delete(key);
  clearTimeout(client.timer);
  client.socket.then((socket) => socket.close()).catch(() => {}); // never opened: nothing to close
}

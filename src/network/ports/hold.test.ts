import { expect, test } from "bun:test";
import { createServer, connect as netConnect } from "node:net";
import { silentLog } from "#base/log.ts";
import type { PublishedPort } from "../types.ts";
import { holdPorts, openRelay } from "./hold.ts";

const OPTIONS = { log: silentLog, ipv6Only: true };

function port(parts: Partial<PublishedPort>): PublishedPort {
  return { protocol: "tcp", containerPort: 0, hostAddress: "::1", hostPort: 0, ...parts };
}

/** A port nobody has; ours again a moment later. */
function freePort(): number {
  using listener = Bun.listen({ hostname: "::1", port: 0, socket: { data() {} } });
  return listener.port;
}

/** An IPv4 server that answers with what it heard once the client has said all. */
async function echoServer(): Promise<{ readonly port: number } & Disposable> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const heard: Buffer[] = [];
    socket.on("data", (chunk: Buffer) => heard.push(chunk));
    socket.on("end", () => socket.end(Buffer.concat(heard)));
    socket.on("error", () => {});
  });
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  return { port: (server.address() as { port: number }).port, [Symbol.dispose]: () => server.close() };
}

/** Sends all, closes its half, and reads to the end. */
function exchange(hostPort: number, data: Uint8Array): Promise<Buffer> {
  const { promise, resolve, reject } = Promise.withResolvers<Buffer>();
  const heard: Buffer[] = [];
  const socket = netConnect({ host: "::1", port: hostPort, allowHalfOpen: true });
  socket.on("data", (chunk: Buffer) => heard.push(chunk));
  socket.on("end", () => resolve(Buffer.concat(heard)));
  socket.on("error", reject);
  socket.on("close", () => reject(new Error("closed before the end")));
  socket.end(data);
  return promise;
}

test("openRelay() copies TCP from IPv6 to IPv4, keeping half-closed connections open", async () => {
  using server = await echoServer();
  const hostPort = freePort();
  using _relay = openRelay(port({ hostPort, containerPort: server.port }), "127.0.0.1", OPTIONS);
  expect((await exchange(hostPort, Buffer.from("ahoy"))).toString()).toBe("ahoy");
});

test("openRelay() loses no byte when a reader is slower than the writer", async () => {
  using server = await echoServer();
  const hostPort = freePort();
  using _relay = openRelay(port({ hostPort, containerPort: server.port }), "127.0.0.1", OPTIONS);
  const data = Buffer.alloc(20 << 20, "0123456789");
  const answers = await Promise.all([exchange(hostPort, data), exchange(hostPort, data)]);
  for (const answer of answers) expect(Bun.hash(answer)).toBe(Bun.hash(data));
});

test("openRelay() ends a connection whose target refuses", async () => {
  const hostPort = freePort();
  using _relay = openRelay(port({ hostPort, containerPort: freePort() }), "127.0.0.1", OPTIONS);
  expect(await exchange(hostPort, Buffer.from("anyone?")).then(String, () => "closed")).toBeOneOf([
    "closed",
    "",
  ]);
});

test("openRelay() copies datagrams and brings each client its own answers", async () => {
  const server = await Bun.udpSocket({
    hostname: "127.0.0.1",
    socket: { data: (socket, data, from, address) => void socket.send(`re: ${data}`, from, address) },
  });
  const hostPort = freePort();
  using _relay = openRelay(
    port({ protocol: "udp", hostPort, containerPort: server.port }),
    "127.0.0.1",
    OPTIONS,
  );
  expect(await Promise.all(["one", "two"].map((text) => ask(hostPort, text)))).toEqual([
    "re: one",
    "re: two",
  ]);
  server.close();
});

async function ask(hostPort: number, text: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  const client = await Bun.udpSocket({
    hostname: "::1",
    socket: { data: (_socket, data) => resolve(data.toString()) },
  });
  client.send(text, hostPort, "::1");
  const answer = await promise;
  client.close();
  return answer;
}

for (const protocol of ["tcp", "udp"] as const)
  test(`openRelay() throws EADDRINUSE at once when a program has the ${protocol} port`, () => {
    const hostPort = freePort();
    using _first = openRelay(port({ protocol, hostPort }), "127.0.0.1", OPTIONS);
    expect(() => openRelay(port({ protocol, hostPort }), "127.0.0.1", OPTIONS)).toThrow(
      expect.objectContaining({ code: "EADDRINUSE" }),
    );
  });

test("holdPorts() keeps both families with one socket, and names the address that a program has", () => {
  const hold = holdPorts(
    { ports: { reserve: refuseIPv4 }, log: silentLog },
    { 4: "127.0.0.1", 6: undefined },
  );
  const hostPort = freePort();
  const pair = ["0.0.0.0", "::"].map((hostAddress) => port({ hostAddress, hostPort }));
  {
    using _held = hold(pair);
    expect(() => Bun.listen({ hostname: "127.0.0.1", port: hostPort, socket: { data() {} } })).toThrow();
  }
  using _program = Bun.listen({ hostname: "127.0.0.1", port: hostPort, socket: { data() {} } });
  expect(() => hold(pair)).toThrow(
    `failed to bind host port 0.0.0.0:${hostPort}/tcp: address already in use`,
  );
});

test("holdPorts() reserves silently what the firewall translates", () => {
  const reserved: string[] = [];
  const reserve = ({ address, port: hostPort }: { address: string; port: number }) => {
    reserved.push(`${address}:${hostPort}`);
    return { port: hostPort, [Symbol.dispose]() {} };
  };
  const targets = { 4: "172.17.0.2", 6: "fd00::2" };
  const hold = holdPorts({ ports: { reserve }, log: silentLog }, targets);
  using _held = hold([
    port({ hostAddress: "10.0.0.1", hostPort: 80 }),
    port({ hostAddress: "2001:db8::1", hostPort: 80 }),
  ]);
  expect(reserved).toEqual(["10.0.0.1:80", "2001:db8::1:80"]);
});

test("holdPorts() says when an address is not the host's", () => {
  const hold = holdPorts(
    { ports: { reserve: () => refuse("EADDRNOTAVAIL") }, log: silentLog },
    { 4: "x", 6: undefined },
  );
  expect(() => hold([port({ protocol: "udp", hostAddress: "10.9.9.9", hostPort: 81 })])).toThrow(
    "failed to bind host port 10.9.9.9:81/udp: cannot assign requested address",
  );
});

function refuseIPv4(): never {
  return refuse("EADDRINUSE");
}

function refuse(code: string): never {
  throw Object.assign(new Error(`bind: ${code}`), { code });
}

test("openRelay() on :: leaves 0.0.0.0 of the same port to others", () => {
  const hostPort = freePort();
  using _relay = openRelay(port({ hostAddress: "::", hostPort }), "127.0.0.1", OPTIONS);
  using _other = Bun.listen({ hostname: "0.0.0.0", port: hostPort, socket: { data() {} } });
});

import { expect } from "bun:test";
import { readdirSync } from "node:fs";
import { silentLog } from "#base/log.ts";
import type { NewEvent } from "#events/types.ts";
import { createKernel } from "#kernel/linux.ts";
import type { Kernel } from "#kernel/types.ts";
import type { PortMap } from "#spec/docker/containers.ts";
import { openMemoryState } from "#state/memory.ts";
import type { StateStore } from "#state/types.ts";
import { createNetworks } from "./network.ts";
import type { NetworkOptions } from "./options.ts";
import type { Networks, SandboxRecord, SandboxRequest } from "./types.ts";

/**
 * For tests on a real kernel, inside namespaces of their own: the test's network namespace is the host, a second one a
 * neighbour on its LAN, and sandboxes are containers whose servers are sockets of this process.
 */
export class Lab {
  readonly kernel: Kernel = createKernel();
  readonly state: StateStore = openMemoryState();
  readonly events: NewEvent[] = [];
  networks: Networks;
  readonly #servers: { stop(): void }[] = [];
  /** Datagrams that reached a server, whether or not its answer found back. */
  readonly heard: string[] = [];
  readonly #opened: string[] = [];
  #lastContainer = 0;

  constructor(readonly options: Partial<NetworkOptions> = {}) {
    this.networks = this.newEngine();
    this.networks.recover(new Set());
  }

  /** Another engine over the same records and kernel: what a restarted daemon sees. */
  newEngine(): Networks {
    return createNetworks({
      kernel: this.kernel,
      state: this.state,
      events: { emit: (event) => void this.events.push(event) },
      log: silentLog,
      clock: { now: () => Date.now(), sleep: async () => {} },
      options: { netnsDirectory: NETNS, ...this.options },
    });
  }

  /** A neighbour at 198.51.100.2 and 2001:db8::2; the host is .1 and ::1. */
  addNeighbour(): void {
    using namespace = this.kernel.netns.create(NEIGHBOUR);
    this.kernel.host.createVeth({ name: "lan0", peerName: "lan0", peerNetnsFd: namespace.fd });
    const steps = (last: string) =>
      [
        { op: "up", link: "lo" },
        { op: "address", link: "lan0", address: `198.51.100.${last}`, prefixLength: 24 },
        { op: "address", link: "lan0", address: `2001:db8::${last}`, prefixLength: 64 },
        { op: "up", link: "lan0" },
      ] as const;
    this.kernel.host.apply(steps("1"));
    namespace.netlink.apply([
      ...steps("2"),
      { op: "route", destination: "0.0.0.0/0", gateway: "198.51.100.1" },
    ]);
  }

  /** A container of the default network. */
  open(parts: Partial<SandboxRequest> & { readonly ports?: PortMap } = {}) {
    const containerId = String(++this.#lastContainer).padStart(64, "0");
    const containerName = `c${this.#lastContainer}`;
    this.#opened.push(containerId);
    return this.networks.openSandbox({
      containerId,
      containerName,
      hostname: containerName,
      endpoints: [{ network: "bridge", settings: {} }],
      portBindings: parts.ports ?? {},
      publishAll: [],
      ...parts,
    });
  }

  /** Answers every TCP connection and datagram with the text and the caller's address. */
  serve(sandbox: SandboxRecord, text: string, port = 80): void {
    this.listenAt(sandbox.netnsPath, text, port);
  }

  listenAt(netnsPath: string, text: string, port: number): void {
    using namespace = this.kernel.netns.open(netnsPath);
    for (const hostname of ["0.0.0.0", "::"]) {
      const options = {
        hostname,
        port,
        ipv6Only: true,
        socket: {
          open: (socket: Bun.Socket) => void socket.end(`${text} ${socket.remoteAddress}`),
          data() {},
        },
      };
      const tcp = namespace.run(() => Bun.listen(options));
      this.#servers.push({ stop: () => tcp.stop(true) });
    }
    const bound: Promise<Bun.udp.Socket<"buffer">>[] = [];
    namespace.run(() => {
      // Bound at once; only the promise is asynchronous.
      bound.push(
        Bun.udpSocket({
          hostname: "0.0.0.0",
          port,
          socket: {
            data: (socket, _data, from, address) => {
              this.heard.push(`${text} ${address}`);
              socket.send(`${text} ${address}`, from, address);
            },
          },
        }),
      );
    });
    this.#servers.push({ stop: () => void bound[0]?.then((socket) => socket.close()) });
  }

  /** What a program at `from` reads from there. Undefined `from`: the host. */
  ask(from: string | undefined, address: string, port: number, protocol = "tcp"): Promise<string> {
    return read(from, `/dev/${protocol}/${address}/${port}`, ANSWER_SECONDS);
  }

  /** The same where nothing is expected, and so not waited for: "". */
  tryInVain(from: string | undefined, address: string, port: number, protocol = "tcp"): Promise<string> {
    return read(from, `/dev/${protocol}/${address}/${port}`, SILENCE_SECONDS);
  }

  /** A connection through a published port that answers what it is told, as long as it lives. */
  async holdOpen(sandbox: SandboxRecord, port: number, hostPort: number) {
    using namespace = this.kernel.netns.open(sandbox.netnsPath);
    const echo = { data: (socket: Bun.Socket, data: Buffer) => void socket.write(data) };
    const server = namespace.run(() => Bun.listen({ hostname: "0.0.0.0", port, socket: echo }));
    this.#servers.push({ stop: () => server.stop(true) });
    let heard = Promise.withResolvers<string>();
    const client = await Bun.connect({
      hostname: "127.0.0.1",
      port: hostPort,
      socket: { data: (_socket, data) => heard.resolve(data.toString()) },
    });
    const exchange = async (text: string) => {
      heard = Promise.withResolvers<string>();
      client.write(text);
      return await heard.promise;
    };
    expect(await exchange("hello")).toBe("hello");
    return { exchange, end: () => client.end() };
  }

  /** A client that always sends from the same port. */
  async udpClient(netnsPath: string, hostname: string, port: number) {
    using namespace = this.kernel.netns.open(netnsPath);
    let heard = Promise.withResolvers<string>();
    const opened: Promise<Bun.udp.ConnectedSocket<"buffer">>[] = [];
    namespace.run(() => {
      const socket = { data: (_: unknown, data: Buffer) => heard.resolve(data.toString()), error() {} };
      opened.push(Bun.udpSocket({ connect: { hostname, port }, socket }));
    });
    const client = await opened[0]!;
    const exchange = async () => {
      heard = Promise.withResolvers<string>();
      client.send("hello");
      const timer = setTimeout(() => heard.resolve(""), 500);
      const answer = await heard.promise;
      clearTimeout(timer);
      return answer;
    };
    return { exchange, close: () => client.close() };
  }

  /** A link on the default bridge that looks like ours and has no record. */
  strayVeth(): string {
    const name = "vethfeedfeedfee";
    const masterIndex = this.kernel.host.createBridge({ name: "wharf0" }).index;
    using namespace = this.kernel.netns.create("/run/stray");
    this.kernel.host.createVeth({ name, masterIndex, peerName: "eth0", peerNetnsFd: namespace.fd });
    return name;
  }

  defaultRoutes(sandbox: SandboxRecord): (string | undefined)[] {
    using namespace = this.kernel.netns.open(sandbox.netnsPath);
    const routes = namespace.netlink.routes().filter(({ destination }) => destination === "0.0.0.0/0");
    return routes.map(({ gateway }) => gateway);
  }

  /** What containers left on the host; the kernel takes the links of a dropped namespace down after a moment. */
  async leftovers() {
    const veths = () => this.kernel.host.links().filter(({ kind }) => kind === "veth");
    for (let patience = 100; veths().length > 0 && patience > 0; patience--) await Bun.sleep(20);
    return {
      veths: veths().map(({ name }) => name),
      pins: readdirSync(NETNS),
      sandboxes: this.networks.endpointsOf(this.networks.get("bridge").id).length,
    };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const server of this.#servers) server.stop();
    for (const sandbox of this.#opened) this.networks.closeSandbox(sandbox);
    for (const { name } of this.networks.list({ type: ["custom"] })) this.networks.remove(name);
    this.networks.close();
    this.kernel.netns.remove(NEIGHBOUR);
    this.kernel.netns.remove("/run/stray");
    for (const { name, kind } of this.kernel.host.links())
      if (kind === "bridge" || kind === "veth") this.kernel.host.deleteLink(name);
  }
}

const NETNS = "/run/wharf/netns";
export const NEIGHBOUR = "/run/neighbour";

/** Long enough for a busy machine. */
const ANSWER_SECONDS = 10;
/** Long enough for an answer that should not come. */
const SILENCE_SECONDS = 0.4;

/** One datagram, or all of a connection; "" when nothing comes in time. */
async function read(from: string | undefined, device: string, seconds: number): Promise<string> {
  const script = `exec 3<>${device} && echo hello >&3 && ${device.startsWith("/dev/udp") ? "dd bs=1500 count=1" : "cat"} <&3`;
  const enter = from === undefined ? [] : ["nsenter", `--net=${from}`];
  const child = Bun.spawn([...enter, "timeout", `${seconds}`, "bash", "-c", script], { stderr: "ignore" });
  return await new Response(child.stdout).text();
}

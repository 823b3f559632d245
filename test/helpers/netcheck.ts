/** Small servers and clients in containers, on the host and on its neighbours. */
import { beforeAll } from "bun:test";
import type { RunResult } from "#base/spawn.ts";
import type { TestDaemon } from "./daemon.ts";
import { testProgram } from "./programs.ts";
import { until } from "./suite.ts";

export interface Ask {
  /** Arguments that enter the place the question comes from; none: the engine's host. */
  readonly from?: readonly string[];
  readonly protocol?: "tcp" | "udp";
}

export interface NetCheck {
  /** A container that answers on TCP port 80 with its name and the peer's address. */
  server(name: string, ...flags: string[]): Promise<string>;
  /** A container that does nothing. */
  client(name: string, ...flags: string[]): Promise<string>;
  /** One question; fails after two seconds. */
  get(address: string, port: number, ask?: Ask): Promise<RunResult>;
  /** Who answers and whom it saw, once somebody does. */
  answer(address: string, port: number, ask?: Ask): Promise<{ readonly name: string; readonly peer: string }>;
  /** The same from inside a container. */
  getInside(container: string, address: string, port?: number): Promise<RunResult>;
  answerInside(container: string, address: string, port?: number): Promise<string>;
  /** A server outside any container. @returns how to end it */
  listen(prefix: readonly string[], ...args: string[]): Promise<() => Promise<unknown>>;
  addressOf(name: string, network?: string): Promise<string>;
}

/** For the tests of a file, once its daemon runs. */
export function useNetCheck(daemon: () => TestDaemon): NetCheck {
  let program = "";
  beforeAll(async () => {
    program = await testProgram("netcheck");
  });
  const docker = (...args: string[]) => daemon().dockerText(...args);
  const run = (name: string, flags: readonly string[], ...command: string[]) =>
    docker("run", "-d", "--name", name, ...flags, "busybox", ...command);
  const answered = (what: string, ask: () => Promise<RunResult>) =>
    until(what, ask, (result) => result.exitCode === 0);
  const check: NetCheck = {
    server: (name, ...flags) => run(name, flags, "netcheck", "serve", "tcp", "80", name),
    client: (name, ...flags) => run(name, flags, "sleep", "1000"),
    get: (address, port, { from = [], protocol = "tcp" } = {}) =>
      daemon().machine.run([...from, program, "get", protocol, address, String(port)]),
    async answer(address, port, ask) {
      const { stdout } = await answered(`${address}:${port}`, () => check.get(address, port, ask));
      const [name = "", peer = ""] = stdout.trim().split(" ");
      return { name, peer: peer.replace("::ffff:", "") };
    },
    getInside: (container, address, port = 80) =>
      daemon().docker("exec", container, "netcheck", "get", "tcp", address, String(port)),
    async answerInside(container, address, port) {
      const ask = () => check.getInside(container, address, port);
      return (await answered(`${container} to ${address}`, ask)).stdout.split(" ")[0]!;
    },
    async listen(prefix, ...args) {
      const script = 'setsid "$@" >/dev/null 2>&1 </dev/null & echo $!';
      const argv = [...prefix, "sh", "-c", script, "listen", program, "serve", ...args];
      const { stdout } = await daemon().machine.run(argv);
      return () => daemon().machine.run(["kill", stdout.trim()]);
    },
    addressOf: (name, network = "bridge") =>
      docker("inspect", "-f", `{{(index .NetworkSettings.Networks "${network}").IPAddress}}`, name),
  };
  return check;
}

/** Whether this kernel's nftables look into bridges. */
export const CAN_GUARD_BRIDGES =
  Bun.spawnSync(["unshare", "-n", "nft", "add", "table", "bridge", "probe"]).exitCode === 0;

/** Whether the host has an iptables, and one that is nftables underneath, of whose changes the engine hears. */
export const HAS_IPTABLES = Bun.which("iptables") !== null && versionOfIptables().includes("nf_tables");

function versionOfIptables(): string {
  return Bun.spawnSync(["iptables", "--version"]).stdout.toString();
}

/** Where `from` a neighbour on the host's LAN asks. */
export const NEIGHBOUR = ["ip", "netns", "exec", "client"];
export const HOST_ADDRESS = "198.18.0.1";
export const NEIGHBOUR_ADDRESS = "198.18.0.2";

/** Shell commands that give the machine a neighbour behind a cable; for `prepare` of a daemon. */
export const ADD_NEIGHBOUR = `
ip netns add client
ip link add cable type veth peer name eth0 netns client
ip addr add ${HOST_ADDRESS}/30 dev cable
ip addr add 2001:db8:18::1/64 dev cable nodad
ip link set cable up
ip -n client addr add ${NEIGHBOUR_ADDRESS}/30 dev eth0
ip -n client addr add 2001:db8:18::2/64 dev eth0 nodad
ip -n client link set eth0 up
ip -n client link set lo up
ip -n client route add default via ${HOST_ADDRESS}
ip -n client -6 route add default via 2001:db8:18::1
`;

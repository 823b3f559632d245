/**
 * The engine is killed before single steps of what changes networks; the next one puts all of it right. Every step is tried
 * with WHARF_TEST_EVERY_STEP=1, which takes a minute; else some of each job.
 */
import { expect, test } from "bun:test";
import { openSync, readdirSync } from "node:fs";
import { silentLog } from "#base/log.ts";
import { hermetic } from "#kernel/_testing/hermetic.ts";
import { createKernel } from "#kernel/linux.ts";
import { openMemoryState } from "#state/memory.ts";
import { Life } from "./_mortal.ts";
import { createNetworks } from "./network.ts";
import { gatewayEndpoint } from "./plan/gateway.ts";
import { openRecords } from "./records.ts";
import type { Networks, SandboxRequest } from "./types.ts";

const STRIDE = process.env.WHARF_TEST_EVERY_STEP === "1" ? 1 : 4;
const CARDS = ["card", "other"];
const NETNS = "/run/wharf/netns";
const CONTAINER = "a".repeat(64);
const OTHER = "b".repeat(64);

interface World {
  readonly networks: Networks;
}

const on = (network: string, settings = {}) => ({ network, settings });

const request = (parts: Partial<SandboxRequest>): SandboxRequest => ({
  containerId: CONTAINER,
  containerName: "web",
  hostname: "web",
  endpoints: [on("bridge")],
  portBindings: {},
  publishAll: [],
  ...parts,
});

const PUBLISHED = { "80/tcp": [{ HostPort: "8080" }], "53/udp": [{ HostPort: "8053" }] };

/** What there is before each job. */
function prepare({ networks }: World): void {
  networks.create({ Name: "two", EnableIPv6: true });
  networks.create({ Name: "lan", Driver: "macvlan", Options: { parent: "card" } });
  networks.openSandbox(request({ portBindings: PUBLISHED, endpoints: [on("bridge"), on("two")] }));
}

const jobs: Record<string, (world: World) => void> = {
  "network create": ({ networks }) => void networks.create({ Name: "new", EnableIPv6: true }),
  "network create, macvlan": ({ networks }) =>
    void networks.create({ Name: "new", Driver: "macvlan", Options: { parent: "other" } }),
  "network create, containers apart": ({ networks }) =>
    void networks.create({
      Name: "new",
      Internal: true,
      Options: { "com.docker.network.bridge.enable_icc": "false" },
    }),
  "network rm": ({ networks }) => {
    networks.disconnect(CONTAINER, "two", { force: false });
    networks.remove("two");
  },
  "start in several networks, with ports": ({ networks }) =>
    void networks.openSandbox(
      request({
        containerId: OTHER,
        containerName: "other",
        portBindings: { "80/tcp": [{ HostPort: "8081" }] },
        endpoints: [on("two", { GwPriority: 5 }), on("bridge"), on("lan")],
      }),
    ),
  stop: ({ networks }) => networks.closeSandbox(CONTAINER),
  connect: ({ networks }) => {
    networks.create({ Name: "three" });
    networks.connect(CONTAINER, "three", { GwPriority: 5 });
  },
  "connect to a macvlan": ({ networks }) => void networks.connect(CONTAINER, "lan", {}),
  "disconnect from the network of the ports": ({ networks }) =>
    networks.disconnect(CONTAINER, "bridge", { force: false }),
  "disconnect and connect again": ({ networks }) => {
    networks.disconnect(CONTAINER, "two", { force: false });
    networks.connect(CONTAINER, "two", {});
  },
  publish: ({ networks }) => {
    const { ports } = networks.sandbox(CONTAINER)!;
    networks.publish(CONTAINER, {
      add: { "81/tcp": [{ HostPort: "8082" }] },
      remove: ports.filter(({ protocol }) => protocol === "tcp"),
    });
  },
};

hermetic(import.meta.path, () => {
  const kernel = createKernel();
  kernel.host.createVeth({ name: "card", peerName: "other", peerNetnsFd: openOwnNamespace() });
  for (const name of ["card", "other"]) kernel.host.apply([{ op: "up", link: name }]);
  /** Pairs of containers that are over: the kernel takes them down in its own time. */
  const over = new Set<string>();

  const newEngine = (parts: { kernel: typeof kernel; state: ReturnType<typeof openMemoryState> }) =>
    createNetworks({
      ...parts,
      events: { emit() {} },
      log: silentLog,
      clock: { now: () => 0, sleep: () => Bun.sleep(1) },
      options: { netnsDirectory: NETNS },
      runProgram: () => undefined,
    });

  /** Kills an engine: what it holds of this process goes, as with a process. */
  const kill = (networks: Networks) => {
    try {
      networks.close();
    } catch {
      // it is dead
    }
  };

  for (const [index, [name, job]] of Object.entries(jobs).entries())
    test(`killed before steps of: ${name}`, async () => {
      for (let step = 1 + (index % STRIDE); ; step += STRIDE) {
        const state = openMemoryState();
        const life = new Life();
        const networks = newEngine({ kernel: life.kernel(kernel), state: life.state(state) });
        networks.recover(new Set());
        prepare({ networks });
        life.endsBefore(step);
        attempt(life, () => job({ networks }));
        const died = life.isDead;
        if (!died) life.endsBefore(0);
        kill(networks);
        const next = newEngine({ kernel, state });
        next.recover(new Set(alive(name, died)));
        await next.gone();
        expect({ step, ...(await disagreement(next, state)) }).toEqual({ step });
        for (const { endpoints } of openRecords(state).sandboxes.list())
          for (const endpoint of endpoints) over.add(endpoint.hostInterfaceName);
        for (const id of [CONTAINER, OTHER]) next.closeSandbox(id);
        for (const { name } of next.list({ type: ["custom"] })) next.remove(name);
        await next.gone();
        next.close();
        kernel.host.deleteLink("wharf0");
        expect(await links(CARDS)).toEqual(CARDS);
        if (!died) break;
        expect(step).toBeLessThan(100);
      }
    });

  function attempt(life: Life, work: () => void): void {
    try {
      work();
    } catch (error) {
      if (!life.isDead) throw error;
    }
  }

  /** What is there and no record says, or the other way around. */
  async function disagreement(networks: Networks, state: ReturnType<typeof openMemoryState>) {
    const records = openRecords(state);
    const sandboxes = records.sandboxes.list();
    const bridges = networks.list().filter(({ driver }) => driver === "bridge");
    const wanted = [
      ...CARDS,
      ...bridges.map(({ id, name }) => (name === "bridge" ? "wharf0" : `wh-${id.slice(0, 12)}`)),
      ...sandboxes.flatMap(({ endpoints }) =>
        endpoints.flatMap((endpoint) => (endpoint.networkName === "lan" ? [] : [endpoint.hostInterfaceName])),
      ),
    ].sort();
    const there = await links(wanted);
    for (let patience = 400; records.leaving.count() > 0 && patience > 0; patience--) await Bun.sleep(5);
    const pins = readdirSync(NETNS).sort();
    const pinned = sandboxes.map(({ containerId }) => containerId).sort();
    const addresses = sandboxes.flatMap(({ netnsPath, endpoints }) => {
      using namespace = kernel.netns.open(netnsPath);
      const given = namespace.netlink.addresses().map(({ address }) => address);
      return endpoints
        .flatMap(({ ipv4, ipv6 }) => [ipv4?.address, ipv6?.address])
        .filter((address) => address !== undefined && !given.includes(address));
    });
    const ways = sandboxes.map(({ netnsPath }) => {
      using namespace = kernel.netns.open(netnsPath);
      return namespace.netlink.routes().find(({ destination }) => destination === "0.0.0.0/0")?.gateway;
    });
    const interfaces = sandboxes.map(({ netnsPath }) => {
      using namespace = kernel.netns.open(netnsPath);
      return namespace.netlink
        .links()
        .map((link) => link.name)
        .sort();
    });
    const joined = sandboxes.map(({ endpoints }) =>
      ["lo", ...endpoints.map((endpoint) => endpoint.interfaceName)].sort(),
    );
    return {
      ...differ("links", there, wanted),
      ...differ("namespaces", pins, pinned),
      ...differ("interfaces", interfaces, joined),
      ...differ("addresses that are missing", addresses, []),
      ...differ(
        "ways out",
        ways,
        sandboxes.map(({ endpoints }) => gatewayEndpoint(endpoints, 4)?.ipv4?.gateway),
      ),
      ...differ("links on their way out", records.leaving.list(), []),
    };
  }

  /** Links of the host, once they are as wanted or the kernel has had its time. */
  async function links(wanted: readonly string[]): Promise<string[]> {
    const look = () =>
      kernel.host
        .links()
        .map((link) => link.name)
        .filter((link) => link !== "lo" && !over.has(link))
        .sort();
    for (let patience = 2000; !Bun.deepEquals(look(), wanted) && patience > 0; patience--) await Bun.sleep(5);
    return look();
  }

  function openOwnNamespace(): number {
    return openSync("/proc/self/ns/net", "r");
  }
});

/** Containers that live after the job: one whose start was cut short has no process, one that was stopped has none any more. */
function alive(job: string, died: boolean): string[] {
  if (job === "stop") return [];
  return job.startsWith("start") && !died ? [CONTAINER, OTHER] : [CONTAINER];
}

function differ(what: string, there: unknown, wanted: unknown): object {
  return Bun.deepEquals(there, wanted) ? {} : { [what]: { there, wanted } };
}

import { describe, expect, test } from "bun:test";
import { hermetic } from "#kernel/_testing/hermetic.ts";
import { Lab, NEIGHBOUR } from "./_lab.ts";
import type { SandboxRecord } from "./types.ts";

const ipv4 = (sandbox: SandboxRecord, endpoint = 0) => sandbox.endpoints[endpoint]!.ipv4!.address;
const ipv6 = (sandbox: SandboxRecord, endpoint = 0) => sandbox.endpoints[endpoint]!.ipv6!.address;

hermetic(import.meta.path, () => {
  for (const bridgeNetfilter of ["1", "0"])
    describe(`with bridge-nf-call-iptables=${bridgeNetfilter}`, () => {
      const newLab = (options = {}) => {
        const lab = new Lab(options);
        for (const tables of ["iptables", "ip6tables"])
          lab.kernel.sysctl.set(`net/bridge/bridge-nf-call-${tables}`, bridgeNetfilter);
        return lab;
      };

      test("a published port answers from everywhere, with the right sender", async () => {
        await using lab = newLab();
        lab.addNeighbour();
        const a = lab.open({
          ports: { "80/tcp": [{ HostPort: "8080" }], "80/udp": [{ HostPort: "8080" }] },
        });
        const b = lab.open();
        lab.serve(a, "a");
        lab.serve(b, "b");
        const gateway = "172.17.0.1";
        const answers = {
          "from container to container": lab.ask(a.netnsPath, ipv4(b), 80),
          "from the neighbour": lab.ask(NEIGHBOUR, "198.51.100.1", 8080),
          "from the neighbour by IPv6": lab.ask(NEIGHBOUR, "2001:db8::1", 8080),
          "from the host by its address": lab.ask(undefined, "198.51.100.1", 8080),
          "from the host by 127.0.0.1": lab.ask(undefined, "127.0.0.1", 8080),
          "from the host by ::1": lab.ask(undefined, "::1", 8080),
          "from another container": lab.ask(b.netnsPath, "198.51.100.1", 8080),
          "from itself": lab.ask(a.netnsPath, "198.51.100.1", 8080),
          "by the bridge's address": lab.ask(b.netnsPath, gateway, 8080),
          "UDP from the neighbour": lab.ask(NEIGHBOUR, "198.51.100.1", 8080, "udp"),
          "UDP by 127.0.0.1": lab.ask(undefined, "127.0.0.1", 8080, "udp"),
          "UDP by ::1": lab.ask(undefined, "::1", 8080, "udp"),
        };
        expect(await settle(answers)).toEqual({
          "from container to container": `b ${ipv4(a)}`,
          "from the neighbour": "a 198.51.100.2",
          "from the neighbour by IPv6": `a ${gateway}`,
          "from the host by its address": "a 198.51.100.1",
          "from the host by 127.0.0.1": `a ${gateway}`,
          "from the host by ::1": `a ${gateway}`,
          "from another container": `a ${gateway}`,
          "from itself": `a ${gateway}`,
          "by the bridge's address": `a ${gateway}`,
          "UDP from the neighbour": "a 198.51.100.2",
          "UDP by 127.0.0.1": `a ${gateway}`,
          "UDP by ::1": `a ${gateway}`,
        });
      });

      test("what is not published stays inside, and networks stay apart", async () => {
        await using lab = newLab();
        lab.addNeighbour();
        lab.networks.create({ Name: "other", EnableIPv6: true });
        lab.networks.create({ Name: "inner", Internal: true, EnableIPv6: true });
        const everywhere = lab.open({ ports: { "80/tcp": [{ HostPort: "8082" }] } });
        lab.serve(everywhere, "everywhere");
        const loopback = [{ HostIp: "127.0.0.1", HostPort: "8081" }];
        const a = lab.open({ ports: { "80/tcp": loopback, "80/udp": loopback } });
        const b = lab.open({ endpoints: [{ network: "other", settings: {} }] });
        const c = lab.open({ endpoints: [{ network: "inner", settings: {} }] });
        for (const [sandbox, name] of [
          [a, "a"],
          [b, "b"],
          [c, "c"],
        ] as const)
          lab.serve(sandbox, name);
        lab.listenAt(NEIGHBOUR, "world", 7000);
        addRoute(lab, c.netnsPath, "0.0.0.0/0", gatewayOf(lab, "inner"));
        const answers = {
          "published on loopback, from the host": lab.ask(undefined, "127.0.0.1", 8081),
          "the world, from a container": lab.ask(b.netnsPath, "198.51.100.2", 7000),
          "a container, from the neighbour": lab.tryInVain(NEIGHBOUR, ipv4(a), 80),
          "published on loopback, by the host's address": lab.tryInVain(NEIGHBOUR, "198.51.100.1", 8081),
          "another network": lab.tryInVain(a.netnsPath, ipv4(b), 80),
          "another network, the other way": lab.tryInVain(b.netnsPath, ipv4(a), 80),
          "the world, from an internal network": lab.tryInVain(c.netnsPath, "198.51.100.2", 7000),
          "an internal network, from the neighbour": lab.tryInVain(NEIGHBOUR, ipv4(c), 80),
          "a published port, from an internal network": lab.tryInVain(
            c.netnsPath,
            gatewayOf(lab, "inner"),
            8082,
          ),
          "a relayed port, from an internal network": lab.tryInVain(
            c.netnsPath,
            gatewayOf(lab, "inner", 1),
            8082,
          ),
        };
        const {
          "published on loopback, from the host": first,
          "the world, from a container": world,
          ...refused
        } = await settle(answers);
        expect(first).toBe("a 172.17.0.1");
        expect(world).toBe("world 198.51.100.1");
        expect(Object.entries(refused).filter(([, answer]) => answer !== "")).toEqual([]);
      });

      test("127.0.0.0/8 of the host is out of reach for containers and neighbours", async () => {
        await using lab = newLab();
        lab.addNeighbour();
        const a = lab.open({ ports: { "80/udp": [{ HostIp: "127.0.0.1", HostPort: "8081" }] } });
        lab.serve(a, "published");
        lab.listenAt("/proc/self/ns/net", "program", 9000);
        sendLoopbackTo(NEIGHBOUR, "lan0", "198.51.100.1");
        sendLoopbackTo(a.netnsPath, "eth0", "172.17.0.1");
        // As kube-proxy sets it: the kernel alone would let the neighbour in.
        lab.kernel.sysctl.set("net/ipv4/conf/lan0/route_localnet", "1");
        await settle({
          published: lab.tryInVain(NEIGHBOUR, "127.0.0.1", 8081, "udp"),
          program: lab.tryInVain(a.netnsPath, "127.0.0.1", 9000, "udp"),
        });
        expect(lab.heard).toEqual([]);
        expect(await lab.ask(undefined, "127.0.0.1", 8081, "udp")).toBe("published 172.17.0.1");
        expect(await lab.ask(undefined, "127.0.0.1", 9000, "udp")).toBe("program 127.0.0.1");
      });

      test("icc=false keeps containers of a network apart, but for published ports", async () => {
        await using lab = newLab({ icc: false });
        const a = lab.open({ ports: { "80/tcp": [{ HostPort: "8080" }] } });
        const b = lab.open();
        lab.serve(a, "a");
        expect(
          await settle({
            direct: lab.tryInVain(b.netnsPath, ipv4(a), 80),
            host: lab.ask(undefined, "127.0.0.1", 8080),
          }),
        ).toEqual({ direct: "", host: "a 172.17.0.1" });
      });

      test("a dual-stack network is reached by IPv6 in the kernel, and by ::1", async () => {
        await using lab = newLab();
        lab.addNeighbour();
        lab.networks.create({ Name: "dual", EnableIPv6: true });
        const endpoints = [{ network: "dual", settings: {} }];
        const a = lab.open({ endpoints, ports: { "80/tcp": [{ HostPort: "8080" }] } });
        const b = lab.open({ endpoints });
        lab.serve(a, "a");
        expect(
          await settle({
            neighbour: lab.ask(NEIGHBOUR, "2001:db8::1", 8080),
            loopback: lab.ask(undefined, "::1", 8080),
            sibling: lab.ask(b.netnsPath, ipv6(a), 80),
            hairpin: lab.ask(a.netnsPath, "2001:db8::1", 8080),
            direct: lab.tryInVain(NEIGHBOUR, ipv6(a), 80),
          }),
        ).toEqual({
          neighbour: "a 2001:db8::2",
          loopback: `a ${lab.networks.get("dual").ipam.config[1]!.Gateway}`,
          sibling: `a ${ipv6(b)}`,
          hairpin: `a ${lab.networks.get("dual").ipam.config[1]!.Gateway}`,
          direct: "",
        });
      });
    });

  test("a container of an IPv4 network has no IPv6 address on its interface", async () => {
    await using lab = new Lab();
    const a = lab.open();
    using namespace = lab.kernel.netns.open(a.netnsPath);
    expect(namespace.netlink.addresses().map(({ address }) => address)).toEqual([
      "127.0.0.1",
      ipv4(a),
      "::1",
    ]);
  });

  test("containers live through a new engine, and established connections with them", async () => {
    await using lab = new Lab();
    const a = lab.open({ ports: { "80/tcp": [{ HostPort: "8080" }] } });
    const gone = lab.open({ ports: { "80/tcp": [{ HostPort: "8081" }] } });
    const connection = await lab.holdOpen(a, 80, 8080);
    lab.networks.close();
    lab.networks = lab.newEngine();
    lab.networks.recover(new Set([a.containerId]));
    expect(await connection.exchange("still there?")).toBe("still there?");
    expect(lab.networks.sandbox(gone.containerId)).toBeUndefined();
    expect(lab.kernel.netns.isPinned(gone.netnsPath)).toBe(false);
    expect(lab.networks.rules()).not.toContain("8081");
    expect(() => lab.open({ ports: { "80/tcp": [{ HostPort: "8080" }] } })).toThrow(
      "Bind for 0.0.0.0:8080 failed: port is already allocated",
    );
    connection.end();
  });

  test("recover() mends what was lost: the table, a bridge with its containers, leftovers of nobody", async () => {
    await using lab = new Lab();
    lab.networks.create({ Name: "n" });
    const a = lab.open({
      endpoints: [
        { network: "bridge", settings: {} },
        { network: "n", settings: {} },
      ],
      ports: { "80/tcp": [{ HostPort: "8080" }] },
    });
    lab.serve(a, "a");
    lab.kernel.host.deleteLink("wharf0");
    lab.kernel.firewall.deleteTable("wharf");
    lab.kernel.netns.create("/run/wharf/netns/nobody")[Symbol.dispose]();
    lab.networks.close();
    lab.networks = lab.newEngine();
    const stray = lab.strayVeth();
    lab.networks.recover(new Set([a.containerId]));
    expect(await lab.ask(undefined, "127.0.0.1", 8080)).toBe("a 172.17.0.1");
    expect(lab.kernel.netns.isPinned("/run/wharf/netns/nobody")).toBe(false);
    expect(lab.kernel.host.findLink(stray)).toBeUndefined();
    expect(lab.defaultRoutes(a)).toEqual(["172.17.0.1"]);
  });

  test("connect() and disconnect() move the way out and the published ports", async () => {
    await using lab = new Lab();
    lab.networks.create({ Name: "zeta" });
    lab.networks.create({ Name: "inner", Internal: true });
    const a = lab.open({ ports: { "80/tcp": [{ HostPort: "8080" }] } });
    lab.serve(a, "a");
    const { networks } = lab;
    networks.connect(a.containerId, "zeta", {});
    networks.connect(a.containerId, "inner", {});
    expect(lab.defaultRoutes(a)).toEqual(["172.17.0.1"]);
    networks.disconnect(a.containerId, "bridge", { force: false });
    await networks.gone();
    expect(lab.defaultRoutes(a)).toEqual([gatewayOf(lab, "zeta")]);
    for (const address of ["127.0.0.1", "::1"])
      expect(await lab.ask(undefined, address, 8080)).toBe(`a ${gatewayOf(lab, "zeta")}`);
    networks.connect(a.containerId, "bridge", { GwPriority: 5 });
    expect(lab.defaultRoutes(a)).toEqual(["172.17.0.1"]);
    expect(await lab.ask(undefined, "127.0.0.1", 8080)).toBe("a 172.17.0.1");
  });

  test("a UDP stream that goes on reaches the container that has the port now", async () => {
    await using lab = new Lab();
    lab.addNeighbour();
    const ports = { "80/udp": [{ HostPort: "8080" }] };
    const a = lab.open({ ports });
    lab.serve(a, "a");
    const client = await lab.udpClient(NEIGHBOUR, "198.51.100.1", 8080);
    expect(await client.exchange()).toBe("a 198.51.100.2");
    lab.networks.closeSandbox(a.containerId);
    const b = lab.open({ ports });
    lab.serve(b, "b");
    expect(await client.exchange()).toBe("b 198.51.100.2");
    client.close();
  });

  test("openSandbox() publishes two hundred ports in one transaction", async () => {
    await using lab = new Lab();
    const ports = Object.fromEntries(
      Array.from({ length: 200 }, (_, index) => [`${index + 1}/tcp`, [{ HostPort: `${10001 + index}` }]]),
    );
    let transactions = 0;
    const { change } = lab.kernel.firewall;
    lab.kernel.firewall.change = (...request) => {
      transactions++;
      change.apply(lab.kernel.firewall, request);
    };
    const a = lab.open({ ports });
    lab.serve(a, "a", 200);
    expect(transactions).toBe(1);
    expect(await lab.ask(undefined, "127.0.0.1", 10200)).toBe("a 172.17.0.1");
    lab.networks.closeSandbox(a.containerId);
    expect(lab.networks.rules()).not.toContain("tcp .");
  });

  test("openSandbox() that fails half-way leaves nothing", async () => {
    await using lab = new Lab();
    const program = Bun.listen({ hostname: "0.0.0.0", port: 8080, socket: { data() {} } });
    const ports = { "80/tcp": [{ HostPort: "8079" }], "81/tcp": [{ HostPort: "8080" }] };
    expect(() => lab.open({ ports })).toThrow(
      /^failed to set up container networking: driver failed programming external connectivity on endpoint c1 \([0-9a-f]{64}\): failed to bind host port 0\.0\.0\.0:8080\/tcp: address already in use$/,
    );
    program.stop(true);
    const { change } = lab.kernel.firewall;
    lab.kernel.firewall.change = () => {
      throw new Error("no rules today");
    };
    expect(() => lab.open({ ports })).toThrow("failed to set up the network of c2: no rules today");
    lab.kernel.firewall.change = change;
    expect(await lab.leftovers()).toEqual({ veths: [], pins: [], sandboxes: 0 });
    const c = lab.open({ ports });
    lab.networks.closeSandbox(c.containerId);
    expect(await lab.leftovers()).toEqual({ veths: [], pins: [], sandboxes: 0 });
  });

  test("the table is written anew after a flush, with everything in it", async () => {
    await using lab = new Lab();
    const a = lab.open({ ports: { "80/tcp": [{ HostPort: "8080" }] } });
    lab.serve(a, "a");
    lab.kernel.firewall.load("flush ruleset");
    lab.open({ ports: { "80/tcp": [{ HostPort: "8081" }] } });
    expect(await lab.ask(undefined, "127.0.0.1", 8080)).toBe("a 172.17.0.1");
  });

  const hasIptables = Bun.which("iptables") !== null;
  test.skipIf(!hasIptables)(
    "a foreign firewall that drops by default lets published ports pass, until close()",
    async () => {
      Bun.spawnSync(["iptables", "-P", "FORWARD", "DROP"]);
      const rules = () => Bun.spawnSync(["iptables", "-S", "FORWARD"]).stdout.toString();
      {
        await using lab = new Lab();
        lab.addNeighbour();
        const a = lab.open({ ports: { "80/tcp": [{ HostPort: "8080" }] } });
        lab.serve(a, "a");
        expect(await lab.ask(NEIGHBOUR, "198.51.100.1", 8080)).toBe("a 198.51.100.2");
        lab.networks.closeSandbox(a.containerId);
        expect(rules()).toContain("checked-by-wharf");
      }
      expect(rules()).not.toContain("wharf");
      Bun.spawnSync(["iptables", "-P", "FORWARD", "ACCEPT"]);
    },
  );

  test("create() and remove() of a network leave no link and no rule", async () => {
    await using lab = new Lab();
    const before = [lab.networks.rules(), lab.kernel.host.links().map(({ name }) => name)];
    const { record } = lab.networks.create({ Name: "n", EnableIPv6: true });
    expect(lab.kernel.host.findLink(`wh-${record.id.slice(0, 12)}`)?.up).toBe(true);
    lab.networks.remove("n");
    await lab.networks.gone();
    expect([lab.networks.rules(), lab.kernel.host.links().map(({ name }) => name)]).toEqual(before);
  });

  test("create() keeps clear of live routes", async () => {
    await using lab = new Lab();
    lab.addNeighbour();
    lab.kernel.host.apply([{ op: "route", destination: "172.18.0.0/16", gateway: "198.51.100.2" }]);
    expect(lab.networks.create({ Name: "n" }).record.ipam.config[0]?.Subnet).toBe("172.19.0.0/24");
  });
});

async function settle(answers: Record<string, Promise<string>>): Promise<Record<string, string>> {
  const entries = Object.entries(answers).map(async ([name, answer]) => [name, await answer] as const);
  return Object.fromEntries(await Promise.all(entries));
}

function addRoute(lab: Lab, netns: string, destination: string, gateway: string): void {
  using namespace = lab.kernel.netns.open(netns);
  namespace.netlink.apply([{ op: "route", destination, gateway }]);
}

/** What an attacker with rights in his own namespace does: 127.0.0.0/8 is no longer himself. */
function sendLoopbackTo(netns: string, link: string, gateway: string): void {
  const script = `
    ip route flush table local 127.0.0.0/8
    ip route flush table local root 127.0.0.0/8
    echo 1 >/proc/sys/net/ipv4/conf/${link}/route_localnet
    ip route add 127.0.0.0/8 via ${gateway}
    ip route get 127.0.0.1`;
  const result = Bun.spawnSync(["nsenter", `--net=${netns}`, "sh", "-c", script]);
  expect(result.stdout.toString()).toContain(`via ${gateway}`);
}

function gatewayOf(lab: Lab, network: string, subnet = 0): string {
  return lab.networks.get(network).ipam.config[subnet]!.Gateway!;
}

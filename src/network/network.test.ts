import { describe, expect, test } from "bun:test";
import { silentLog } from "#base/log.ts";
import type { NewEvent } from "#events/types.ts";
import type { NetworkCreateRequest } from "#spec/docker/networks.ts";
import { openMemoryState } from "#state/memory.ts";
import { FakeNetworkKernel } from "../../test/fakes/kernel.ts";
import { createNetworks } from "./network.ts";
import type { NetworkOptions } from "./options.ts";
import type { SandboxRequest } from "./types.ts";

function setUp(options: Partial<NetworkOptions> = {}) {
  const fake = new FakeNetworkKernel();
  const state = openMemoryState();
  const events: NewEvent[] = [];
  let nowMs = Date.parse("2026-01-02T03:04:05.678Z");
  const engine = (more: Partial<NetworkOptions> = {}) =>
    createNetworks({
      kernel: fake.kernel,
      state,
      events: { emit: (event) => void events.push(event) },
      log: silentLog,
      clock: { now: () => nowMs, sleep: async () => {} },
      options: { netnsDirectory: "/nowhere/netns", ...options, ...more },
      runProgram: () => undefined,
    });
  const networks = engine();
  networks.recover(new Set());
  const tick = (ms: number) => {
    nowMs += ms;
  };
  return { fake, events, engine, networks, tick };
}

function request(name: string, parts: Partial<SandboxRequest> = {}): SandboxRequest {
  return {
    containerId: name.padEnd(64, "0"),
    containerName: name,
    hostname: name,
    endpoints: [{ network: "default", settings: {} }],
    portBindings: {},
    publishAll: [],
    ...parts,
  };
}

const on = (network: string, settings = {}) => ({ endpoints: [{ network, settings }] });

describe("predefined networks", () => {
  test("recover() makes bridge, host and none in Docker's fixed shape", () => {
    const { networks } = setUp();
    const shapes = networks.list().map(({ id, created, ...shape }) => shape);
    const plain = { internal: false, attachable: false, enableIPv4: true, enableIPv6: false, labels: {} };
    expect(shapes.sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      {
        ...plain,
        name: "bridge",
        driver: "bridge",
        ipam: {
          driver: "default",
          options: {},
          config: [{ Subnet: "172.17.0.0/16", Gateway: "172.17.0.1" }],
        },
        options: {
          "com.docker.network.bridge.default_bridge": "true",
          "com.docker.network.bridge.enable_icc": "true",
          "com.docker.network.bridge.enable_ip_masquerade": "true",
          "com.docker.network.bridge.host_binding_ipv4": "0.0.0.0",
          "com.docker.network.bridge.name": "wharf0",
          "com.docker.network.driver.mtu": "1500",
        },
      },
      {
        ...plain,
        name: "host",
        driver: "host",
        ipam: { driver: "default", options: {}, config: [] },
        options: {},
      },
      {
        ...plain,
        name: "none",
        driver: "null",
        ipam: { driver: "default", options: {}, config: [] },
        options: {},
      },
    ]);
    expect(networks.get("bridge").created).toBe("2026-01-02T03:04:05.678000000Z");
  });

  test("recover() keeps their ids and the default subnet, whatever the routes are meanwhile", () => {
    const { fake, engine, networks } = setUp();
    const before = networks.list();
    fake.routes = [{ destination: "172.17.0.0/16", gateway: undefined, linkIndex: 99, table: 254 }];
    const after = engine();
    after.recover(new Set());
    expect(after.list()).toEqual(before);
  });

  test("recover() gives the default network the subnet of --bip, and takes the old address off its bridge", () => {
    const { fake, engine } = setUp();
    const after = engine({ bip: "10.9.0.1/24", fixedCidr: "10.9.0.128/25", defaultGateway: "10.9.0.254" });
    after.recover(new Set());
    expect(after.get("bridge").ipam.config).toEqual([
      {
        Subnet: "10.9.0.0/24",
        IPRange: "10.9.0.128/25",
        Gateway: "10.9.0.1",
        AuxiliaryAddresses: { DefaultGatewayIPv4: "10.9.0.254" },
      },
    ]);
    expect(fake.addresses.map(({ address }) => address)).toEqual(["10.9.0.1"]);
    const { endpoints } = after.openSandbox(request("a"));
    expect(endpoints[0]?.ipv4).toEqual({ address: "10.9.0.128", prefixLength: 24, gateway: "10.9.0.254" });
  });

  test("recover() takes away the bridge the default network no longer has", () => {
    const { fake, engine } = setUp();
    engine({ bridge: "w1" }).recover(new Set());
    expect([...fake.links.keys()]).toEqual(["w1"]);
    engine({ bridge: "none" }).recover(new Set());
    expect([...fake.links.keys()]).toEqual([]);
  });

  test("recover() leaves bridge and subnet alone while a container lives there", () => {
    const { engine, networks } = setUp();
    const { containerId } = networks.openSandbox(request("a"));
    const before = networks.get("bridge");
    for (const options of [{ bip: "10.9.0.1/24" }, { bridge: "w1" }, { bridge: "none" }]) {
      const after = engine(options);
      after.recover(new Set([containerId]));
      expect(after.get("bridge")).toEqual(before);
    }
  });

  test("recover() uses a bridge that is there with the address it has", () => {
    const { fake, engine } = setUp({ bridge: "none" });
    const { index } = fake.addLink({ name: "br-user" });
    fake.addresses.push({ linkIndex: index, address: "192.168.50.7", prefixLength: 24 });
    const after = engine({ bridge: "br-user" });
    after.recover(new Set());
    expect(after.get("bridge").ipam.config).toEqual([{ Subnet: "192.168.50.0/24", Gateway: "192.168.50.7" }]);
    expect(after.get("bridge").foreignBridge).toBe(true);
  });

  test("without a default network containers get loopback only", () => {
    const { networks } = setUp({ bridge: "none" });
    expect(networks.find("bridge")).toBeUndefined();
    expect(networks.find("default")?.name).toBe("none");
    expect(networks.openSandbox(request("a")).endpoints[0]?.ipv4).toBeUndefined();
  });

  test("recover() avoids live routes when it chooses the default subnet", () => {
    const { fake, engine } = setUp({ bridge: "none" });
    fake.routes = [{ destination: "172.16.0.0/14", gateway: undefined, linkIndex: 1, table: 254 }];
    const after = engine({ bridge: "w1" });
    after.recover(new Set());
    expect(after.get("bridge").ipam.config[0]?.Subnet).toBe("172.20.0.0/16");
  });

  test("recover() turns on forwarding unless told not to", () => {
    expect(setUp().fake.sysctls.get("net/ipv4/ip_forward")).toBe("1");
    expect(setUp({ ipForward: false }).fake.sysctls.get("net/ipv4/ip_forward")).toBe("0");
  });
});

describe("networks of users", () => {
  test("create() stores, makes and announces a network", () => {
    const { networks, events, fake } = setUp();
    const { record } = networks.create({ Name: "n", Labels: { a: "b" } });
    expect(networks.get("n")).toEqual(record);
    expect(record.ipam.config).toEqual([{ Subnet: "172.18.0.0/24", Gateway: "172.18.0.1" }]);
    expect(fake.links.has(`wh-${record.id.slice(0, 12)}`)).toBe(true);
    expect(events).toEqual([
      { type: "network", action: "create", id: record.id, attributes: { name: "n", type: "bridge" } },
    ]);
  });

  test("get() takes an id, a name, or a beginning that fits one id only", () => {
    const { networks } = setUp();
    const { id } = networks.create({ Name: "n" }).record;
    expect(networks.get(id).name).toBe("n");
    expect(networks.get(networks.create({ Name: "two words" }).record.id).name).toBe("two words");
    expect(networks.get(id.slice(0, 20)).name).toBe("n");
    expect(() => networks.get("nowhere")).toThrow("network nowhere not found");
  });

  const REFUSED: { request: NetworkCreateRequest; text: string }[] = [
    { request: { Name: "bridge" }, text: "operation is not permitted on predefined bridge network " },
    { request: { Name: "taken" }, text: "network with name taken already exists" },
    { request: { Name: " " }, text: "invalid name: name is empty" },
    { request: { Name: " blank before" }, text: "has a slash, or white space" },
    { request: { Name: "new\nline" }, text: "has a slash, or white space" },
    { request: { Name: "a/b" }, text: "has a slash, or white space" },
    { request: { Name: "n", Driver: "host" }, text: 'only one instance of "host" network is allowed' },
    { request: { Name: "n", Driver: "weave" }, text: "could not find plugin weave" },
    { request: { Name: "n", Scope: "swarm" }, text: "This node is not a swarm manager." },
    { request: { Name: "n", EnableIPv4: false }, text: "invalid network config:" },
    { request: { Name: "n", IPAM: { Driver: "dhcp" } }, text: 'invalid ipam driver "dhcp"' },
    {
      request: { Name: "n", IPAM: { Config: [{ Subnet: "172.18.0.0/16" }] } },
      text: "invalid pool request: Pool overlaps with other one on this address space",
    },
    {
      request: { Name: "n", Options: { "com.docker.network.driver.mtu": "huge" } },
      text: 'invalid value "huge" for option com.docker.network.driver.mtu',
    },
    {
      request: { Name: "n", Options: { "com.docker.network.bridge.name": "wharf0" } },
      text: "networks have same bridge name",
    },
  ];

  for (const { request, text } of REFUSED)
    test(`create() refuses ${JSON.stringify(request)}: ${text}`, () => {
      const { networks, fake } = setUp();
      networks.create({ Name: "taken" });
      const before = networks.list().length;
      fake.calls.length = 0;
      expect(() => networks.create(request)).toThrow(text);
      expect(networks.list()).toHaveLength(before);
      expect(fake.calls).toEqual([]);
    });

  test("create() leaves nothing when the kernel refuses", () => {
    const { networks, fake } = setUp();
    fake.failOn = "route_localnet";
    expect(() => networks.create({ Name: "n" })).toThrow("failed to create network n: ");
    expect(networks.find("n")).toBeUndefined();
    expect([...fake.links.keys()]).toEqual(["wharf0"]);
  });

  test("remove() refuses a predefined network and one in use, naming who uses it", () => {
    const { networks } = setUp();
    networks.create({ Name: "n" });
    const { endpoints } = networks.openSandbox(request("web", on("n")));
    expect(() => networks.remove("host")).toThrow("host is a pre-defined network and cannot be removed");
    expect(() => networks.remove("n")).toThrow(
      `error while removing network: network n has active endpoints (name:"web" id:"${endpoints[0]?.id.slice(0, 12)}")`,
    );
  });

  test("prune() removes unused networks that match", () => {
    const { networks, tick } = setUp();
    networks.create({ Name: "used" });
    networks.create({ Name: "old", Labels: { keep: "no" } });
    networks.create({ Name: "kept", Labels: { keep: "yes" } });
    networks.openSandbox(request("web", on("used")));
    tick(3_600_000);
    networks.create({ Name: "young" });
    expect(networks.prune({ "label!": ["keep=yes"], until: ["30m"] })).toEqual(["old"]);
    expect(() => networks.prune({ name: ["x"] })).toThrow("invalid filter 'name'");
  });

  test("list() filters by name, driver, type, label and use", () => {
    const { networks } = setUp();
    networks.create({ Name: "used", Labels: { a: "1" } });
    networks.create({ Name: "idle" });
    networks.openSandbox(request("web", on("used")));
    const names = (filters: Record<string, string[]>) =>
      networks
        .list(filters)
        .map(({ name }) => name)
        .sort();
    expect(names({ type: ["custom"] })).toEqual(["idle", "used"]);
    expect(names({ driver: ["host", "null"] })).toEqual(["host", "none"]);
    expect(names({ name: ["us"] })).toEqual(["used"]);
    expect(names({ label: ["a=1"] })).toEqual(["used"]);
    expect(names({ dangling: ["true"] })).toEqual(["idle"]);
    expect(() => networks.list({ color: ["red"] })).toThrow("invalid filter 'color'");
  });
});

describe("sandboxes", () => {
  test("openSandbox() does it all in order, with one transaction for the ports", () => {
    const { networks, fake } = setUp();
    fake.calls.length = 0;
    const { endpoints } = networks.openSandbox(
      request("web", {
        portBindings: { "80/tcp": [{ HostPort: "8080" }] },
        sysctls: { "net.ipv4.ip_unprivileged_port_start": "0", "kernel.shmmax": "1" },
      }),
    );
    const path = `/nowhere/netns/${"web".padEnd(64, "0")}`;
    const veth = endpoints[0]?.hostInterfaceName;
    expect(fake.calls).toEqual([
      `create netns ${path}`,
      "sysctl net/ipv4/ip_unprivileged_port_start=0",
      `create veth ${veth} eth0`,
      `bridge port ${veth} {"hairpin":true,"isolated":false,"station":"02:42:ac:11:00:02"}`,
      "sysctl net/ipv6/conf/eth0/disable_ipv6=1",
      `${path}: up eth0`,
      `${path}: address eth0 172.17.0.2 16`,
      `${path}: up lo`,
      `${path}: route eth0 0.0.0.0/0 172.17.0.1 true`,
      "change table: 3 more, 0 less",
    ]);
    expect([...fake.heldPorts]).toEqual(["0.0.0.0:8080/tcp"]);
  });

  const FAILURES = ["create netns", "create veth", "bridge port", "disable_ipv6", "up eth0", "change table"];
  for (const failOn of FAILURES)
    test(`openSandbox() leaves nothing when "${failOn}" fails`, () => {
      const { networks, fake, events } = setUp();
      fake.failOn = failOn;
      const web = request("web", { portBindings: { "80/tcp": [{ HostPort: "8080" }] } });
      expect(() => networks.openSandbox(web)).toThrow("failed to set up the network of web: ");
      expect(networks.sandbox(web.containerId)).toBeUndefined();
      expect([...fake.pins, ...fake.heldPorts]).toEqual([]);
      expect(events).toEqual([]);
      fake.failOn = undefined;
      expect(networks.openSandbox(web).ports[0]?.hostPort).toBe(8080);
    });

  test("openSandbox() names the endpoint when a port is taken", () => {
    const { networks, fake } = setUp();
    const portBindings = { "80/tcp": [{ HostPort: "8080" }] };
    networks.openSandbox(request("a", { portBindings }));
    expect(() => networks.openSandbox(request("b", { portBindings }))).toThrow(
      /^failed to set up container networking: driver failed programming external connectivity on endpoint b \([0-9a-f]{64}\): Bind for 0\.0\.0\.0:8080 failed: port is already allocated$/,
    );
    fake.foreignPorts.add("0.0.0.0:8081/tcp");
    expect(() =>
      networks.openSandbox(request("b", { portBindings: { "80/tcp": [{ HostPort: "8081" }] } })),
    ).toThrow("failed to bind host port 0.0.0.0:8081/tcp: address already in use");
  });

  test("openSandbox() publishes all exposed ports on free ones, but what is bound where it is bound", () => {
    const { networks } = setUp();
    const { ports } = networks.openSandbox(
      request("a", {
        portBindings: { "80/tcp": [{ HostIp: "127.0.0.1", HostPort: "8080" }] },
        publishAll: ["80/tcp", "53/udp"],
      }),
    );
    expect(ports).toEqual([
      { protocol: "udp", containerPort: 53, hostAddress: "0.0.0.0", hostPort: 32768 },
      { protocol: "tcp", containerPort: 80, hostAddress: "127.0.0.1", hostPort: 8080 },
    ]);
  });

  test("openSandbox() publishes on the daemon's or the network's default address", () => {
    const { networks } = setUp({ defaultHostAddress: "10.1.1.1" });
    networks.create({
      Name: "n",
      Options: { "com.docker.network.bridge.host_binding_ipv4": "10.2.2.2" },
    });
    const publishAll = ["80/tcp"];
    expect(networks.openSandbox(request("a", { publishAll })).ports[0]?.hostAddress).toBe("10.1.1.1");
    const onN = networks.openSandbox(request("b", { publishAll, ...on("n") }));
    expect(onN.ports[0]?.hostAddress).toBe("10.2.2.2");
  });

  test("openSandbox() gives addresses in turn, and one that was given back at once only to the same container", () => {
    const { networks, engine, tick } = setUp();
    const address = (name: string) => networks.openSandbox(request(name)).endpoints[0]?.ipv4?.address;
    expect(address("a")).toBe("172.17.0.2");
    networks.closeSandbox(request("a").containerId);
    expect(address("a")).toBe("172.17.0.2");
    networks.closeSandbox(request("a").containerId);
    expect(address("b")).toBe("172.17.0.3");
    networks.closeSandbox(request("b").containerId);
    tick(3_600_000);
    const restarted = engine();
    expect(restarted.openSandbox(request("c")).endpoints[0]?.ipv4?.address).toBe("172.17.0.4");
  });

  test("openSandbox() takes addresses on request in networks of users only", () => {
    const { networks } = setUp();
    networks.create({ Name: "n", IPAM: { Config: [{ Subnet: "10.5.0.0/24" }] } });
    const at = (IPv4Address: string) => ({ IPAMConfig: { IPv4Address } });
    const { endpoints } = networks.openSandbox(request("a", on("n", at("10.5.0.9"))));
    expect(endpoints[0]).toMatchObject({ ipv4: { address: "10.5.0.9" }, mac: "02:42:0a:05:00:09" });
    const refused = [
      { place: on("n", at("10.5.0.9")), text: "Address already in use" },
      { place: on("n", at("10.5.0.1")), text: "Address already in use" },
      { place: on("n", at("10.6.0.9")), text: "no configured subnet contains IP address 10.6.0.9" },
      { place: on("n", at("10.5.0.255")), text: "no configured subnet contains IP address" },
      { place: on("n", at("fd00::1")), text: "invalid IPv4 address: fd00::1" },
      { place: on("n", { MacAddress: "nonsense" }), text: "invalid MAC address: nonsense" },
      {
        place: on("bridge", at("172.17.0.9")),
        text: "invalid endpoint settings:\nuser-specified IP address is supported on user-defined networks only",
      },
    ];
    for (const { place, text } of refused)
      expect(() => networks.openSandbox(request("b", place))).toThrow(text);
  });

  test("openSandbox() says so when a network has no address left", () => {
    const { networks } = setUp();
    networks.create({ Name: "n", IPAM: { Config: [{ Subnet: "10.5.0.0/30" }] } });
    networks.openSandbox(request("a", on("n")));
    expect(() => networks.openSandbox(request("b", on("n")))).toThrow(
      "no available IPv4 addresses on this network's address pools: n (",
    );
    networks.closeSandbox(request("a").containerId);
    expect(networks.openSandbox(request("b", on("n"))).endpoints).toHaveLength(1);
  });

  test("a container in the host's network has an endpoint but no namespace", () => {
    const { networks, fake } = setUp();
    const sandbox = networks.openSandbox(
      request("a", { ...on("host"), portBindings: { "80/tcp": [{ HostPort: "80" }] } }),
    );
    expect(sandbox).toMatchObject({ netnsPath: "", ports: [] });
    expect(fake.pins.size).toBe(0);
    expect(() => networks.connect(sandbox.containerId, "bridge", {})).toThrow(
      "container cannot be disconnected from host network or connected to host network",
    );
  });

  test("a container joins a network once", () => {
    const { networks } = setUp();
    const twice = { endpoints: [...on("bridge").endpoints, ...on("default").endpoints] };
    expect(() => networks.openSandbox(request("a", twice))).toThrow(
      "endpoint with name a already exists in network bridge",
    );
    const { containerId } = networks.openSandbox(request("b", { endpoints: [] }));
    expect(() => networks.connect(containerId, "host", {})).toThrow("connected to host network");
  });

  test("a container in network none can join no other", () => {
    const { networks } = setUp();
    const both = { endpoints: [...on("none").endpoints, ...on("bridge").endpoints] };
    expect(() => networks.openSandbox(request("a", both))).toThrow("private (none) mode");
  });

  test("closeSandbox() gives everything back and tells; again it does nothing", () => {
    const { networks, fake, events } = setUp();
    const { containerId } = networks.openSandbox(
      request("a", { portBindings: { "80/tcp": [{ HostPort: "80" }] } }),
    );
    networks.closeSandbox(containerId);
    networks.closeSandbox(containerId);
    expect([...fake.pins, ...fake.heldPorts]).toEqual([]);
    expect(fake.elements("wharf").some(({ set }) => set.startsWith("dnat"))).toBe(false);
    const { id } = networks.get("bridge");
    const attributes = { container: containerId, name: "bridge", type: "bridge" };
    expect(events).toEqual([
      { type: "network", action: "connect", id, attributes },
      { type: "network", action: "disconnect", id, attributes },
    ]);
  });

  test("closeSandbox() goes on when one step fails, and throws its failure", () => {
    const { networks, fake } = setUp();
    const { containerId } = networks.openSandbox(request("a", { publishAll: ["80/tcp"] }));
    fake.failOn = "change table";
    expect(() => networks.closeSandbox(containerId)).toThrow("EPERM");
    expect([...fake.pins, ...fake.heldPorts]).toEqual([]);
    expect(networks.sandbox(containerId)).toBeUndefined();
  });

  test("connect() and disconnect() refuse what is there or is not", () => {
    const { networks } = setUp();
    networks.create({ Name: "n" });
    const { containerId } = networks.openSandbox(request("web"));
    expect(() => networks.connect(containerId, "bridge", {})).toThrow(
      "endpoint with name web already exists in network bridge",
    );
    expect(() => networks.disconnect(containerId, "n", { force: false })).toThrow(
      `container ${containerId} is not connected to network n`,
    );
    networks.connect(containerId, "n", { Aliases: ["db"] });
    expect(networks.endpointsOf(networks.get("n").id)).toMatchObject([
      { interfaceName: "eth1", containerName: "web", aliases: ["db"] },
    ]);
    networks.rename(containerId, "shop");
    expect(networks.endpointsOf(networks.get("n").id)[0]?.containerName).toBe("shop");
    networks.disconnect(containerId, "n", { force: false });
    networks.remove("n");
  });

  for (const failOn of ["create veth", "up eth1", "change table"])
    test(`connect() leaves the container as it was when "${failOn}" fails`, () => {
      const { networks, fake } = setUp();
      networks.create({ Name: "n" });
      const web = networks.openSandbox(request("web", { publishAll: ["80/tcp"] }));
      const links = [...fake.links.keys()];
      fake.failOn = failOn;
      expect(() => networks.connect(web.containerId, "n", { GwPriority: 1 })).toThrow("EPERM");
      fake.failOn = undefined;
      expect(networks.sandbox(web.containerId)).toEqual(web);
      expect([...fake.links.keys()]).toEqual(links);
      networks.remove("n");
    });
});

describe("after a restart", () => {
  test("recover() closes what ended meanwhile and holds the ports of what lives", () => {
    const { networks, fake, engine } = setUp();
    const portBindings = { "80/tcp": [{ HostPort: "8080" }] };
    const lives = networks.openSandbox(request("a", { portBindings }));
    const ended = networks.openSandbox(request("b"));
    networks.close();
    expect(fake.heldPorts.size).toBe(0);
    const after = engine();
    fake.calls.length = 0;
    after.recover(new Set([lives.containerId]));
    expect(after.sandbox(ended.containerId)).toBeUndefined();
    expect([...fake.pins]).toEqual([lives.netnsPath]);
    expect([...fake.heldPorts]).toEqual(["0.0.0.0:8080/tcp"]);
    expect(fake.calls.filter((call) => /veth|links?:/.test(call))).toEqual([]);
    expect(after.openSandbox(request("c")).endpoints[0]?.ipv4?.address).toBe("172.17.0.4");
  });

  test("recover() brings up the other networks when one cannot be", () => {
    const { networks, fake, engine } = setUp();
    const { record } = networks.create({ Name: "broken" });
    networks.create({ Name: "fine" });
    for (const name of [...fake.links.keys()]) fake.links.delete(name);
    fake.failOn = `create bridge wh-${record.id.slice(0, 12)}`;
    engine().recover(new Set());
    expect(fake.links.size).toBe(2);
  });

  test("close() takes the table away only when nobody needs it", () => {
    const { networks, fake } = setUp();
    const { containerId } = networks.openSandbox(request("a"));
    networks.close();
    expect(fake.tables.has("wharf")).toBe(true);
    networks.closeSandbox(containerId);
    networks.close();
    expect(fake.tables.has("wharf")).toBe(false);
  });
});

describe("files", () => {
  test("hostsFile() lets host-gateway stand for the default bridge, or for what the daemon says", () => {
    const { networks, engine } = setUp();
    const sandbox = networks.openSandbox(request("web"));
    const file = { hostname: "web", domainname: "", sandbox, extraHosts: ["h:host-gateway"], linked: [] };
    expect(networks.hostsFile(file)).toContain("172.17.0.1\th\n172.17.0.2\tweb\n");
    expect(engine({ hostGatewayAddresses: ["10.0.0.7"] }).hostsFile(file)).toContain("10.0.0.7\th\n");
  });

  test("resolvConf() prefers the container's servers to the daemon's", () => {
    const { engine } = setUp();
    const networks = engine({ dns: ["10.0.0.53"], dnsSearch: ["corp"] });
    const file = { sandbox: undefined, networkMode: "bridge", dns: [], dnsSearch: [], dnsOptions: [] };
    expect(networks.resolvConf(file)).toContain("nameserver 10.0.0.53\nsearch corp\n");
    expect(networks.resolvConf({ ...file, dns: ["10.0.0.99"] })).toContain("nameserver 10.0.0.99\n");
  });
});

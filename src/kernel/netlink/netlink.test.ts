import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { hermetic } from "../_testing/hermetic.ts";
import { createNetworkNamespaces } from "../namespace/netns.ts";
import { NamespaceSwitch } from "../namespace/switch.ts";
import type { Netlink, NetworkNamespace } from "../types.ts";
import { LinkStepError } from "./steps.ts";

hermetic(import.meta.path, () => {
  const netns = createNetworkNamespaces(new NamespaceSwitch());
  let container: NetworkNamespace;
  let host: Netlink;

  // The host's part is played by a namespace of its own as well, so that every test starts with nothing but lo.
  let hostNamespace: NetworkNamespace;
  beforeEach(() => {
    const directory = mkdtempSync("/run/netlink-");
    container = netns.create(join(directory, "container"));
    hostNamespace = netns.create(join(directory, "host"));
    host = hostNamespace.netlink;
  });
  afterEach(() => {
    for (const namespace of [container, hostNamespace]) {
      netns.remove(namespace.path);
      namespace[Symbol.dispose]();
    }
  });

  const createVeth = (name: string, masterIndex?: number) =>
    host.createVeth({
      name,
      masterIndex,
      peerName: "eth0",
      peerNetnsFd: container.fd,
      peerMac: "02:42:0a:09:00:02",
    });

  test("a new namespace has loopback, down", () => {
    expect(container.netlink.links()).toEqual([
      expect.objectContaining({
        index: 1,
        name: "lo",
        mac: "00:00:00:00:00:00",
        mtu: 65536,
        up: false,
        kind: undefined,
      }),
    ]);
  });

  test("linkIndex() gives the index alone; absence is undefined, also for names no link can have", () => {
    expect(host.linkIndex("lo")).toBe(1);
    expect(host.linkIndex("nothing")).toBeUndefined();
    expect(host.linkIndex("longer-than-any-link")).toBeUndefined();
  });

  test("findLink() finds by name; absence is undefined, also for names no link can have", () => {
    expect(host.findLink("lo")?.index).toBe(1);
    expect(host.findLink("nothing")).toBeUndefined();
    expect(host.findLink("longer-than-any-link")).toBeUndefined();
  });

  test("createBridge() sets address, MTU and snooping, and leaves the bridge down", () => {
    const request = { name: "br0", mac: "02:42:00:00:00:01", mtu: 1400, multicastSnooping: false };
    const bridge = host.createBridge(request);
    expect(bridge).toMatchObject({ name: "br0", kind: "bridge", mac: request.mac, mtu: 1400, up: false });
    const snooping = () => readFileSync("/sys/class/net/br0/bridge/multicast_snooping", "utf8");
    expect(() => hostNamespace.run(snooping)).toThrow(); // sysfs shows the namespace it was mounted in
    expect(() => host.createBridge(request)).toThrow(/create bridge br0: file exists \(EEXIST\)/);
  });

  test("createVeth() joins the bridge, up; the peer is in its namespace, down, with its address", () => {
    const bridge = host.createBridge({ name: "br0" });
    host.createVeth({
      name: "veth0",
      masterIndex: bridge.index,
      peerName: "eth0",
      peerNetnsFd: container.fd,
      peerMac: "02:42:0a:09:00:02",
      mtu: 1300,
    });
    expect(host.findLink("veth0")).toMatchObject({
      kind: "veth",
      masterIndex: bridge.index,
      up: true,
      mtu: 1300,
    });
    expect(container.netlink.findLink("eth0")).toMatchObject({
      kind: "veth",
      mac: "02:42:0a:09:00:02",
      up: false,
      mtu: 1300,
    });
  });

  test("errors carry the object and the kernel's words", () => {
    createVeth("veth0");
    expect(() => createVeth("veth0")).toThrow(/create veth veth0: file exists \(EEXIST\)/);
    const route = { op: "route", destination: "10.0.0.0/8", gateway: "192.0.2.1" } as const;
    expect(() => host.apply([route])).toThrow(
      "netlink step 0, route to 10.0.0.0/8 by 192.0.2.1: network is unreachable (ENETUNREACH): Nexthop has invalid gateway",
    );
  });

  test("apply() configures a container's side in one send", () => {
    const bridge = host.createBridge({ name: "br0" });
    createVeth("veth0", bridge.index);
    host.apply([{ op: "up", link: "br0" }]);
    container.netlink.apply([
      { op: "up", link: "lo" },
      { op: "rename", link: "eth0", name: "net0" },
      { op: "mtu", link: "net0", mtu: 1280 },
      { op: "up", link: "net0" },
      { op: "address", link: "net0", address: "10.9.0.2", prefixLength: 16 },
      { op: "address", link: "net0", address: "fd00:9::2", prefixLength: 64 },
      { op: "route", destination: "0.0.0.0/0", gateway: "10.9.0.1" },
      { op: "route", destination: "::/0", gateway: "fd00:9::1", metric: 77 },
      { op: "route", link: "net0", destination: "198.51.100.0/24" },
      { op: "neighbor", link: "net0", address: "10.9.0.9", mac: "02:00:00:00:00:09" },
    ]);
    const link = container.netlink.findLink("net0")!;
    expect(link).toMatchObject({ up: true, mtu: 1280 });
    expect(container.netlink.addresses().filter((address) => address.linkIndex === link.index)).toEqual(
      expect.arrayContaining([
        { linkIndex: link.index, address: "10.9.0.2", prefixLength: 16 },
        { linkIndex: link.index, address: "fd00:9::2", prefixLength: 64 },
      ]),
    );
    expect(container.netlink.routes()).toEqual(
      expect.arrayContaining([
        { destination: "0.0.0.0/0", gateway: "10.9.0.1", linkIndex: link.index, table: 254 },
        { destination: "10.9.0.0/16", gateway: undefined, linkIndex: link.index, table: 254 },
        { destination: "198.51.100.0/24", gateway: undefined, linkIndex: link.index, table: 254 },
        { destination: "::/0", gateway: "fd00:9::1", linkIndex: link.index, table: 254 },
        { destination: "fd00:9::/64", gateway: undefined, linkIndex: link.index, table: 254 },
      ]),
    );
    const neighbors = container.run(() => readFileSync("/proc/thread-self/net/arp", "utf8"));
    expect(neighbors).toMatch(/10\.9\.0\.9 .*02:00:00:00:00:09/);
  });

  test("apply() tells which step failed, after trying the rest", () => {
    let thrown: unknown;
    try {
      host.apply([
        { op: "up", link: "lo" },
        { op: "mtu", link: "missing", mtu: 1500 },
        { op: "address", link: "lo", address: "10.1.1.1", prefixLength: 32 },
      ]);
    } catch (error) {
      thrown = error;
    }
    expect(thrown).toBeInstanceOf(LinkStepError);
    expect(thrown).toMatchObject({ step: 1, code: "ENODEV" });
    expect(host.addresses().map((address) => address.address)).toContain("10.1.1.1");
  });

  test("apply() sends nothing when a step names a link that is not there", () => {
    const steps = [
      { op: "address", link: "lo", address: "10.1.1.1", prefixLength: 32 },
      { op: "address", link: "missing", address: "10.1.1.2", prefixLength: 32 },
    ] as const;
    expect(() => host.apply(steps)).toThrow("link missing: no such device (ENODEV)");
    expect(host.addresses()).toEqual([]);
  });

  test("apply() takes a thousand steps at once", () => {
    host.apply([{ op: "up", link: "lo" }]);
    const addresses = Array.from({ length: 1000 }, (_, index) => `10.2.${index >> 8}.${index & 255}`);
    host.apply(
      addresses.map((address) => ({ op: "address", link: "lo", address, prefixLength: 32 }) as const),
    );
    expect(host.addresses().filter(({ address }) => address.startsWith("10.2."))).toHaveLength(1000);
  });

  test("local routes land in the local table, other tables are not listed", () => {
    host.apply([
      { op: "up", link: "lo" },
      { op: "route", link: "lo", destination: "203.0.113.0/24", type: "local" },
      { op: "route", link: "lo", destination: "::7/128", type: "local", metric: 2048 },
      { op: "route", link: "lo", destination: "203.0.113.7/32", table: 1000 },
    ]);
    expect(host.routes().filter(({ destination }) => /203|::7/.test(destination))).toEqual([]);
    const all = host.routes("all").filter(({ destination }) => /203|::7/.test(destination));
    expect(all.map(({ destination }) => destination)).toEqual(["203.0.113.7/32"]);
    expect(
      hostNamespace.run(() => Bun.spawnSync(["ip", "route", "show", "table", "1000"]).stdout.toString()),
    ).toContain("203.0.113.7");
    expect(
      hostNamespace.run(() => Bun.spawnSync(["ip", "route", "show", "table", "local"]).stdout.toString()),
    ).toContain("local 203.0.113.0/24");
  });

  test("setBridgePort() sets what is named and leaves the rest", () => {
    const bridge = host.createBridge({ name: "br0" });
    createVeth("veth0", bridge.index);
    host.setBridgePort("veth0", { hairpin: true, isolated: true });
    host.setBridgePort("veth0", { station: "02:42:00:00:00:09" });
    const show = ["ip", "-d", "link", "show", "veth0"];
    const text = hostNamespace.run(() => Bun.spawnSync(show).stdout.toString());
    expect(text).toMatch(/hairpin on .*learning off .*isolated on/);
  });

  test("removeAddress() and deleteLink() undo; a link that is gone counts as deleted", () => {
    host.createBridge({ name: "br0" });
    host.apply([{ op: "address", link: "br0", address: "10.3.0.1", prefixLength: 24 }]);
    host.removeAddress("br0", "10.3.0.1", 24);
    expect(host.addresses()).toEqual([]);
    expect(() => host.removeAddress("br0", "10.3.0.1", 24)).toThrow("EADDRNOTAVAIL");
    host.deleteLink("br0");
    host.deleteLink("br0");
    expect(host.findLink("br0")).toBeUndefined();
  });

  test("links() reads past one datagram", () => {
    for (let index = 0; index < 60; index++) host.createBridge({ name: `b${index}` });
    expect(host.links()).toHaveLength(61);
  });

  describe("two namespaces on one bridge", () => {
    test("reach each other over TCP", async () => {
      const bridge = host.createBridge({ name: "br0" });
      createVeth("veth0", bridge.index);
      host.apply([
        { op: "address", link: "br0", address: "10.9.0.1", prefixLength: 16 },
        { op: "up", link: "br0" },
      ]);
      container.netlink.apply([
        { op: "address", link: "eth0", address: "10.9.0.2", prefixLength: 16 },
        { op: "up", link: "eth0" },
        { op: "route", destination: "0.0.0.0/0", gateway: "10.9.0.1" },
      ]);
      const ping = ["ping", "-c1", "-W2", "10.9.0.2"];
      const server = createServer((socket) => socket.end("hello from inside"));
      container.run(() => server.listen({ host: "10.9.0.2", port: 8080 }));
      await Bun.sleep(0);
      const client = hostNamespace.run(() =>
        Bun.spawn(["bash", "-c", "exec 3<>/dev/tcp/10.9.0.2/8080; cat <&3"], { stdout: "pipe" }),
      );
      expect(await new Response(client.stdout).text()).toBe("hello from inside");
      server.close();
      if (Bun.which("ping")) expect(hostNamespace.run(() => Bun.spawnSync(ping).exitCode)).toBe(0);
    });
  });
});

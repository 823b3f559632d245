import { expect, test } from "bun:test";
import { hermetic } from "#kernel/_testing/hermetic.ts";
import { Lab, NEIGHBOUR } from "./_lab.ts";

const LAN = { Config: [{ Subnet: "198.51.100.0/24", Gateway: "198.51.100.2", IPRange: "198.51.100.64/26" }] };

/** Not every kernel has every kind. */
function hasKind(kind: "dummy" | "vlan" | "ipvlan"): boolean {
  if (process.getuid?.() !== 0) return false;
  const on = kind === "dummy" ? "" : "link lo ";
  const rest = kind === "vlan" ? " id 7" : "";
  const add = `ip link add ${on}name probe0 type ${kind}${rest}`;
  const veth = "ip link add lower0 type veth peer name lower1";
  const script = `${veth} && ${add.replace("link lo", "link lower0")}`;
  return Bun.spawnSync(["unshare", "-n", "sh", "-c", script], { stderr: "ignore" }).exitCode === 0;
}

hermetic(import.meta.path, () => {
  const newLab = () => {
    const lab = new Lab();
    lab.addNeighbour();
    return lab;
  };
  const open = (lab: Lab, network: string) => lab.open({ endpoints: [{ network, settings: {} }] });

  test("macvlan: containers have addresses of their own on the host's network", async () => {
    await using lab = newLab();
    lab.networks.create({ Name: "lan", Driver: "macvlan", Options: { parent: "lan0" }, IPAM: LAN });
    const one = open(lab, "lan");
    const two = open(lab, "lan");
    lab.serve(one, "one");
    const address = one.endpoints[0]!.ipv4!.address;
    expect(address).toStartWith("198.51.100.");
    expect(await lab.ask(NEIGHBOUR, address, 80)).toBe("one 198.51.100.2");
    expect(await lab.ask(two.netnsPath, address, 80)).toBe(`one ${two.endpoints[0]!.ipv4!.address}`);
    lab.networks.disconnect(two.containerId, "lan", { force: false });
    using namespace = lab.kernel.netns.open(two.netnsPath);
    expect(namespace.netlink.links().map(({ name }) => name)).toEqual(["lo"]);
    for (const sandbox of [one, two]) lab.networks.closeSandbox(sandbox.containerId);
    lab.networks.remove("lan");
    expect(lab.kernel.host.findLink("lan0")).toBeDefined();
  });

  test.skipIf(!hasKind("ipvlan"))(
    "ipvlan: all modes reach the neighbour by their default route or link, with the card's hardware address",
    async () => {
      for (const mode of ["l2", "l3", "l3s"]) {
        await using lab = newLab();
        const Options = { parent: "lan0", ipvlan_mode: mode };
        lab.networks.create({ Name: "lan", Driver: "ipvlan", Options, IPAM: LAN });
        const sandbox = open(lab, "lan");
        lab.serve(sandbox, mode);
        const address = sandbox.endpoints[0]!.ipv4!.address;
        expect(await lab.ask(NEIGHBOUR, address, 80)).toBe(`${mode} 198.51.100.2`);
        using namespace = lab.kernel.netns.open(sandbox.netnsPath);
        const route = namespace.netlink.routes().find(({ destination }) => destination === "0.0.0.0/0");
        expect([mode, route?.gateway]).toEqual([mode, mode === "l2" ? "198.51.100.2" : undefined]);
        const mac = namespace.netlink.findLink("eth0")!.mac;
        expect(mac).toBe(lab.kernel.host.findLink("lan0")!.mac);
      }
    },
  );

  test.skipIf(!hasKind("dummy"))(
    "without a card the network leads nowhere, and takes its own link along",
    async () => {
      await using lab = newLab();
      const { record } = lab.networks.create({ Name: "alone", Driver: "macvlan" });
      const dummy = `dm-${record.id.slice(0, 12)}`;
      expect(lab.kernel.host.findLink(dummy)?.kind).toBe("dummy");
      lab.networks.remove("alone");
      expect(lab.kernel.host.findLink(dummy)).toBeUndefined();
    },
  );

  test.skipIf(!hasKind("vlan"))(
    "a VLAN of the card is made and removed with its network, one that is there stays",
    async () => {
      await using lab = newLab();
      lab.networks.create({ Name: "ten", Driver: "ipvlan", Options: { parent: "lan0.10" } });
      expect(lab.kernel.host.findLink("lan0.10")?.kind).toBe("vlan");
      lab.networks.remove("ten");
      expect(lab.kernel.host.findLink("lan0.10")).toBeUndefined();
      lab.kernel.host.createVlan({
        name: "lan0.11",
        parentIndex: lab.kernel.host.linkIndex("lan0")!,
        id: 11,
      });
      lab.networks.create({ Name: "eleven", Driver: "macvlan", Options: { parent: "lan0.11" } });
      lab.networks.remove("eleven");
      expect(lab.kernel.host.findLink("lan0.11")).toBeDefined();
    },
  );

  test.skipIf(hasKind("ipvlan"))("a kernel without the kind says so, and nothing is left", async () => {
    await using lab = newLab();
    lab.networks.create({ Name: "lan", Driver: "ipvlan", Options: { parent: "lan0" }, IPAM: LAN });
    expect(() => open(lab, "lan")).toThrow("this kernel has no links of the kind ipvlan");
    expect(lab.networks.endpointsOf(lab.networks.get("lan").id)).toEqual([]);
  });

  const REFUSED: [string, Record<string, string>, string][] = [
    ["a card that is not there", { parent: "nope0" }, "interface nope0 is not on this host"],
    ["a VLAN of a card that is not there", { parent: "nope0.4" }, "interface nope0 is not on this host"],
    ["a VLAN tag that is none", { parent: "lan0.5000" }, "VLAN tag from 1 to 4094"],
    ["the loopback", { parent: "lo" }, "cannot be used"],
    [
      "a mode that is none",
      { parent: "lan0", macvlan_mode: "odd" },
      "expected bridge, private, vepa, passthru",
    ],
  ];
  for (const [what, Options, text] of REFUSED)
    test(`create() refuses ${what}, and leaves nothing`, async () => {
      await using lab = newLab();
      expect(() => lab.networks.create({ Name: "n", Driver: "macvlan", Options })).toThrow(text);
      expect(lab.networks.find("n")).toBeUndefined();
    });

  test("create() refuses a card that another network uses, and names that network", async () => {
    await using lab = newLab();
    lab.networks.create({ Name: "first", Driver: "macvlan", Options: { parent: "lan0" } });
    expect(() =>
      lab.networks.create({ Name: "second", Driver: "ipvlan", Options: { parent: "lan0" } }),
    ).toThrow("is already using parent interface lan0");
  });
});

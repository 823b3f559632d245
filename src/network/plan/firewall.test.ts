import { expect, test } from "bun:test";
import type { EndpointRecord, NetworkRecord, PublishedPort } from "../types.ts";
import { endpointElements, networkElements, portElements } from "./firewall.ts";
import { tableScript } from "./table.ts";

function network(parts: Partial<NetworkRecord>): NetworkRecord {
  const options = { "com.docker.network.bridge.name": "br1" };
  const ipam = { driver: "default", options: {}, config: [] };
  return { id: "f".repeat(64), internal: false, options, ipam, enableIPv4: true, ...parts } as NetworkRecord;
}

const setsOf = (record: NetworkRecord) =>
  networkElements(record).map(({ set, value }) =>
    [set, ...(value ?? []).map((field) => field.value)].join(" "),
  );

test("networkElements() put a bridge into the sets its options ask for", () => {
  expect(setsOf(network({}))).toEqual([
    "bridges",
    "masqueraded4",
    "within together",
    "from outward",
    "into inward",
  ]);
  expect(setsOf(network({ internal: true }))).toEqual([
    "bridges",
    "internal",
    "within together",
    "from nowhere",
    "into nowhere",
  ]);
  const options = {
    "com.docker.network.bridge.enable_icc": "false",
    "com.docker.network.bridge.enable_ip_masquerade": "false",
  };
  expect(setsOf(network({ options }))).toEqual(["bridges", "within separate", "from outward", "into inward"]);
});

test("portElements() lead host sides to the container's address of the same family", () => {
  const endpoint = {
    id: "e",
    networkName: "n",
    ipv4: { address: "10.0.0.2", gateway: "10.0.0.1" },
    ipv6: { address: "fd00::2", gateway: "fd00::1" },
    settings: {},
  } as EndpointRecord;
  const port = (hostAddress: string): PublishedPort => ({
    protocol: "tcp",
    containerPort: 80,
    hostAddress,
    hostPort: 8080,
  });
  const ports = ["0.0.0.0", "127.0.0.1", "::", "2001:db8::1"].map(port);
  const script = tableScript({
    table: "t",
    elements: portElements({ endpoints: [endpoint], ports }),
    guardsBridges: true,
  });
  const elements = [...script.matchAll(/map (\w+) .*elements = \{ (.*) \} \}/g)];
  expect(elements.map(([, map, element]) => [map, element])).toEqual([
    ["dnat4", "127.0.0.1 . tcp . 8080 : 10.0.0.2 . 80"],
    ["dnat4any", "tcp . 8080 : 10.0.0.2 . 80"],
    ["dnat6", "2001:db8::1 . tcp . 8080 : fd00::2 . 80"],
    ["dnat6any", "tcp . 8080 : fd00::2 . 80"],
  ]);
  const ipv4Only = { ...endpoint, ipv6: undefined };
  expect(portElements({ endpoints: [ipv4Only], ports })).toHaveLength(3);
  expect(portElements({ endpoints: [ipv4Only], ports }).at(-1)).toEqual({
    set: "relayed6",
    key: [
      { kind: "protocol", value: "tcp" },
      { kind: "port", value: 8080 },
    ],
  });
  expect(portElements({ endpoints: [], ports })).toEqual([]);
});

test("tableScript() replaces the table in one transaction", () => {
  const script = tableScript({ table: "t", elements: networkElements(network({})), guardsBridges: false });
  expect(script).toStartWith("table inet t\ndelete table inet t\ntable inet t {\n");
  expect(script).toContain(
    '  map within { type ifname . ifname : verdict; elements = { "br1" . "br1" : goto together } }\n',
  );
  expect(script).toContain("  set internal { type ifname; }\n");
});

test("endpointElements() keep addresses to one port, and ports of strangers apart", () => {
  const endpoint = {
    hostInterfaceName: "veth1",
    ipv4: { address: "10.0.0.2" },
    ipv6: { address: "fd00::2" },
  } as EndpointRecord;
  const sibling = { hostInterfaceName: "veth2", ipv4: { address: "10.1.0.9" } } as EndpointRecord;
  const options = { "com.docker.network.bridge.enable_icc": "false" };
  const script = tableScript({
    table: "t",
    elements: endpointElements(network({ options }), endpoint, [sibling]),
    guardsBridges: true,
  });
  const sets = [...script.matchAll(/set (\w+) .*elements = \{ (.*) \} \}/g)];
  const bytes = "0xfd000000000000000000000000000002";
  expect(sets.map(([, set, element]) => [set, element])).toEqual([
    ["apart", '"veth1"'],
    ["owned4", "10.0.0.2"],
    ["places4", '"veth1" . 10.0.0.2, "veth1" . 10.1.0.9'],
    ["owned6", "fd00::2"],
    ["places6", '"veth1" . fd00::2'],
    ["advertised6", bytes],
    ["advertisers6", `"veth1" . ${bytes}`],
  ]);
});

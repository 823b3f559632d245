import { expect, test } from "bun:test";
import type { EndpointRecord } from "../types.ts";
import {
  endpointMac,
  HOST_INTERFACE_NAME,
  hostInterfaceName,
  nextInterfaceName,
  planEndpoint,
} from "./endpoint.ts";

const ID = "0123456789abcdef".repeat(4);
const ENDPOINT = {
  id: ID,
  interfaceName: "eth0",
  hostInterfaceName: "veth01234567890",
  mac: "02:42:ac:11:00:02",
  ipv4: { address: "172.17.0.2", prefixLength: 16, gateway: "172.17.0.1" },
  ipv6: undefined,
  settings: {},
} as EndpointRecord;
const SETTINGS = {
  bridge: "br1",
  icc: true,
  masquerade: true,
  hostBinding: undefined,
  mtu: undefined,
  interfacePrefix: "eth",
  gatewayModes: { 4: "nat", 6: "nat" },
  inhibitIPv4: false,
  trusted: [],
  hostAddresses: { 4: undefined, 6: undefined },
} as const;

function plan(endpoint: EndpointRecord, settings = {}) {
  return planEndpoint({
    settings: { ...SETTINGS, ...settings },
    defaultMtu: 1500,
    endpoint,
    netnsPath: "/ns",
    endsWith: "namespace",
    isolatesPorts: true,
  });
}

test("planEndpoint() joins an IPv4 container: pair, port, no IPv6, up, address", () => {
  expect(plan(ENDPOINT)).toEqual([
    {
      op: "veth",
      host: "veth01234567890",
      bridge: "br1",
      netns: "/ns",
      peer: "eth0",
      mac: "02:42:ac:11:00:02",
      mtu: 1500,
      endsWith: "namespace",
    },
    {
      op: "bridge-port",
      link: "veth01234567890",
      hairpin: true,
      isolated: false,
      station: "02:42:ac:11:00:02",
    },
    { op: "sysctl", netns: "/ns", key: "net/ipv6/conf/eth0/disable_ipv6", value: "1" },
    {
      op: "links",
      netns: "/ns",
      steps: [
        { op: "up", link: "eth0" },
        { op: "address", link: "eth0", address: "172.17.0.2", prefixLength: 16 },
      ],
    },
  ]);
});

test("planEndpoint() of a dual-stack container refuses router advertisements before the link is up", () => {
  const ipv6 = { address: "fd00::2", prefixLength: 64, gateway: "fd00::1" };
  const steps = plan({ ...ENDPOINT, ipv6 });
  expect(steps.slice(2, 4)).toEqual([
    { op: "sysctl", netns: "/ns", key: "net/ipv6/conf/eth0/disable_ipv6", value: "0" },
    { op: "sysctl", netns: "/ns", key: "net/ipv6/conf/eth0/accept_ra", value: "0" },
  ]);
});

test("planEndpoint() isolates the port where containers must not talk, and takes the network's MTU", () => {
  const steps = plan(ENDPOINT, { icc: false, mtu: 1400 });
  expect(steps).toMatchObject([{ mtu: 1400 }, { isolated: true }, {}, {}]);
});

test("nextInterfaceName() fills gaps", () => {
  const named = (interfaceName: string) => ({ ...ENDPOINT, interfaceName });
  expect(nextInterfaceName("eth", [])).toBe("eth0");
  expect(nextInterfaceName("eth", [named("eth0"), named("eth2")])).toBe("eth1");
  expect(nextInterfaceName("net", [named("eth0")])).toBe("net0");
});

test("hostInterfaceName() fits Linux's fifteen characters and is recognised", () => {
  expect(hostInterfaceName(ID)).toBe("veth0123456789a");
  expect(HOST_INTERFACE_NAME.test(hostInterfaceName(ID))).toBe(true);
  expect(HOST_INTERFACE_NAME.test("veth1234567")).toBe(false);
});

test("endpointMac() is local, and follows the IPv4 address where there is one", () => {
  expect(endpointMac(ID, "172.17.0.2")).toBe("02:42:ac:11:00:02");
  expect(endpointMac(ID, "1.2.3.4")).toBe("02:42:01:02:03:04");
  expect(endpointMac(ID, undefined)).toBe("02:42:01:23:45:67");
});

test("planEndpoint() adds link-local addresses as wide as they are", () => {
  const settings = { IPAMConfig: { LinkLocalIPs: ["169.254.7.7", "fe80::7"] } };
  const steps = plan({ ...ENDPOINT, settings }).find((step) => step.op === "links");
  expect(JSON.stringify(steps)).toContain('"address":"169.254.7.7","prefixLength":16');
  expect(JSON.stringify(steps)).toContain('"address":"fe80::7","prefixLength":64');
});

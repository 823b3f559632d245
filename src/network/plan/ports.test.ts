import { expect, test } from "bun:test";
import type { PublishedPort } from "../types.ts";
import { type PortPlanRequest, planPorts, relayTarget } from "./ports.ts";

function plan(parts: Partial<PortPlanRequest>) {
  return planPorts({
    bindings: {},
    publishAll: [],
    defaultAddress: "0.0.0.0",
    hostHasIPv6: true,
    targets: { 4: "172.17.0.2", 6: undefined },
    exposed: { 4: undefined, 6: undefined },
    ...parts,
  });
}

test("planPorts() publishes on both families where no address is given", () => {
  expect(plan({ bindings: { "80/tcp": [{ HostPort: "8080" }] } })).toEqual([
    {
      protocol: "tcp",
      containerPort: 80,
      hostAddresses: ["0.0.0.0", "::"],
      exposedBy: [],
      hostPorts: { first: 8080, last: 8080 },
    },
  ]);
});

const ADDRESSES = [
  { name: "a host without IPv6", parts: { hostHasIPv6: false }, hostIp: "", addresses: ["0.0.0.0"] },
  { name: "a default address", parts: { defaultAddress: "10.0.0.1" }, hostIp: "", addresses: ["10.0.0.1"] },
  { name: "one address", parts: {}, hostIp: "127.0.0.1", addresses: ["127.0.0.1"] },
  { name: "all of IPv4", parts: {}, hostIp: "0.0.0.0", addresses: ["0.0.0.0"] },
  { name: "IPv6 in any spelling", parts: {}, hostIp: "0:0:0:0:0:0:0:1", addresses: ["::1"] },
];

for (const { name, parts, hostIp, addresses } of ADDRESSES)
  test(`planPorts() publishes on ${name}`, () => {
    const [wish] = plan({ ...parts, bindings: { "80/tcp": [{ HostIp: hostIp, HostPort: "80" }] } });
    expect(wish?.hostAddresses).toEqual(addresses);
  });

const PORTS = [
  { text: "", hostPorts: undefined },
  { text: "0", hostPorts: undefined },
  { text: "8000-8010", hostPorts: { first: 8000, last: 8010 } },
];

for (const { text, hostPorts } of PORTS)
  test(`planPorts() reads host port "${text}"`, () => {
    expect(plan({ bindings: { "80": [{ HostPort: text }] } })[0]?.hostPorts).toEqual(hostPorts);
  });

const REFUSED = [
  { port: "80/icmp", binding: {}, text: 'invalid port specification: "80/icmp"' },
  { port: "0/tcp", binding: {}, text: 'invalid port specification: "0/tcp"' },
  { port: "65536", binding: {}, text: 'invalid port specification: "65536"' },
  { port: "80", binding: { HostPort: "9-1" }, text: 'invalid port specification: "9-1"' },
  { port: "80", binding: { HostPort: "x" }, text: 'invalid port specification: "x"' },
  { port: "80", binding: { HostIp: "localhost" }, text: 'invalid host IP address: "localhost"' },
  { port: "80/sctp", binding: { HostIp: "::1" }, text: "no address of that family" },
];

for (const { port, binding, text } of REFUSED)
  test(`planPorts() refuses ${port} on ${JSON.stringify(binding)}`, () => {
    expect(() => plan({ bindings: { [port]: [binding] } })).toThrow(text);
  });

test("planPorts() leaves SCTP to the families the container has", () => {
  expect(plan({ publishAll: ["9/sctp"] })[0]?.hostAddresses).toEqual(["0.0.0.0"]);
});

test("planPorts() publishes an exposed port unless a binding does, and a port without bindings not at all", () => {
  const bindings = { "80/tcp": [{ HostPort: "1" }, { HostPort: "2" }], "81/tcp": null, "82/tcp": [] };
  const wishes = plan({ bindings, publishAll: ["80/tcp", "82/tcp"] });
  expect(wishes.map(({ containerPort, hostPorts }) => [containerPort, hostPorts?.first])).toEqual([
    [80, 1],
    [80, 2],
    [82, undefined],
  ]);
});

const FOUR = { 4: "172.17.0.2", 6: undefined };
const SIX = { 4: undefined, 6: "fd00::2" };
const BOTH = { 4: "172.17.0.2", 6: "fd00::2" };
const RELAYS = [
  { hostAddress: "0.0.0.0", targets: FOUR, relay: undefined },
  { hostAddress: "127.0.0.1", targets: FOUR, relay: undefined },
  { hostAddress: "::", targets: FOUR, relay: "172.17.0.2" },
  { hostAddress: "2001:db8::1", targets: FOUR, relay: "172.17.0.2" },
  { hostAddress: "0.0.0.0", targets: SIX, relay: "fd00::2" },
  { hostAddress: "::", targets: BOTH, relay: "fd00::2" },
  { hostAddress: "::1", targets: BOTH, relay: "fd00::2" },
  { hostAddress: "2001:db8::1", targets: BOTH, relay: undefined },
];

for (const { hostAddress, targets, relay } of RELAYS)
  test(`relayTarget() of ${hostAddress} for a container with ${Object.values(targets)} is ${relay}`, () => {
    const port: PublishedPort = { protocol: "tcp", containerPort: 80, hostPort: 80, hostAddress };
    expect(relayTarget(port, targets)).toBe(relay);
  });

import { expect, test } from "bun:test";
import type { LinkInfo, RouteInfo } from "#kernel/types.ts";
import { findOverlaps, overlapText } from "./overlaps.ts";
import type { NetworkRecord } from "./types.ts";

const network = (name: string, subnet: string, driver = "bridge"): NetworkRecord =>
  ({
    id: name.padEnd(64, "0"),
    name,
    driver,
    internal: false,
    options: driver === "bridge" ? { "com.docker.network.bridge.name": `br-${name}` } : {},
    ipam: { driver: "default", options: {}, config: [{ Subnet: subnet }] },
  }) as unknown as NetworkRecord;
const route = (destination: string, linkIndex?: number) => ({ destination, linkIndex }) as RouteInfo;
const links = [
  { name: "br-a", index: 1 },
  { name: "br-b", index: 2 },
  { name: "tun0", index: 3 },
] as LinkInfo[];

test("findOverlaps() tells of foreign routes alone", () => {
  const networks = [
    network("a", "172.18.0.0/24"),
    network("b", "172.19.0.0/24"),
    network("lan", "10.8.0.0/24", "macvlan"),
  ];
  const routes = [
    route("0.0.0.0/0", 3),
    route("172.18.0.0/24", 1),
    route("172.19.0.0/24", 2),
    route("172.18.0.0/16", 3),
    route("10.8.0.0/24", 3),
    route("172.19.0.128/25"),
  ];
  expect(findOverlaps(networks, routes, links)).toEqual([
    { network: "a", subnet: "172.18.0.0/24", route: "172.18.0.0/16", link: "tun0" },
    { network: "b", subnet: "172.19.0.0/24", route: "172.19.0.128/25", link: undefined },
  ]);
});

test("overlapText() names network, subnet and route", () => {
  expect(overlapText({ network: "a", subnet: "10.0.0.0/24", route: "10.0.0.0/8", link: "tun0" })).toStartWith(
    "network a (10.0.0.0/24) overlaps the host's route to 10.0.0.0/8 by tun0: ",
  );
});

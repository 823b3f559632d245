import { expect, test } from "bun:test";
import { planPools } from "./ipam.ts";

test("planPools() puts ranges, gateways and reserved addresses into their subnets", () => {
  const subnets = ["10.0.0.0/8", "fd00::/64"];
  expect(
    planPools({ subnets, ranges: ["10.1.0.0/16"], gateways: ["fd00::1"], auxiliary: { a: "10.0.0.5" } }),
  ).toEqual([
    { Subnet: "10.0.0.0/8", IPRange: "10.1.0.0/16", AuxiliaryAddresses: { a: "10.0.0.5" } },
    { Subnet: "fd00::/64", Gateway: "fd00::1" },
  ]);
});

test("planPools() refuses what lies in no subnet, and subnets that overlap", () => {
  const pools = (subnets: string[], gateways: string[]) => () =>
    planPools({ subnets, gateways, ranges: [], auxiliary: {} });
  expect(pools([], ["10.0.0.1"])).toThrow("every ip-range or gateway must have a corresponding subnet");
  expect(pools(["10.0.0.0/8"], ["11.0.0.1"])).toThrow("no matching subnet for gateway 11.0.0.1");
  expect(pools(["10.0.0.0/8", "10.1.0.0/16"], [])).toThrow("multiple overlapping subnet");
});

import { expect, test } from "bun:test";
import { InvalidArgument } from "#base/errors.ts";
import { formatPrefix, parseCidr } from "#base/ip.ts";
import { DEFAULT_BRIDGE_POOLS, DEFAULT_POOLS, pickSubnet, uniqueLocalPool } from "./pools.ts";

const prefixes = (...texts: string[]) => texts.map((text) => parseCidr(text)!.prefix);

const CASES = [
  { name: "the first of an untouched pool", taken: [], picked: "10.0.0.0/24" },
  { name: "the one behind a taken one", taken: ["10.0.0.0/24"], picked: "10.0.1.0/24" },
  { name: "a gap", taken: ["10.0.0.0/24", "10.0.2.0/24"], picked: "10.0.1.0/24" },
  { name: "past a route for one host", taken: ["10.0.0.77/32"], picked: "10.0.1.0/24" },
  { name: "past a route larger than a subnet", taken: ["10.0.0.0/17"], picked: "10.0.128.0/24" },
  { name: "the next pool when one is full", taken: ["10.0.0.0/8"], picked: "192.168.0.0/24" },
  { name: "IPv4 whatever IPv6 is taken", taken: ["::/0"], picked: "10.0.0.0/24" },
];

for (const { name, taken, picked } of CASES)
  test(`pickSubnet() takes ${name}`, () => {
    const pools = [
      { base: "10.0.0.0/16", size: 24 },
      { base: "192.168.0.0/16", size: 24 },
    ];
    expect(formatPrefix(pickSubnet(pools, prefixes(...taken)))).toBe(picked);
  });

test("pickSubnet() says so when every pool is taken", () => {
  const pools = [{ base: "10.0.0.0/30", size: 31 }];
  expect(() => pickSubnet(pools, prefixes("10.0.0.0/31", "10.0.0.3/32"))).toThrow(
    new InvalidArgument("all predefined address pools have been fully subnetted"),
  );
});

test("pickSubnet() gives the default network Docker's subnet and the next one beside Docker", () => {
  expect(formatPrefix(pickSubnet(DEFAULT_BRIDGE_POOLS, []))).toBe("172.17.0.0/16");
  expect(formatPrefix(pickSubnet(DEFAULT_BRIDGE_POOLS, prefixes("172.17.0.0/16")))).toBe("172.18.0.0/16");
});

test("DEFAULT_POOLS hold more than three thousand networks", () => {
  const taken: ReturnType<typeof prefixes> = [];
  const sizes = DEFAULT_POOLS.map(({ base, size }) => 2 ** (size - parseCidr(base)!.prefix.length));
  expect(sizes.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(3000);
  for (let count = 0; count < 50; count++) taken.push(pickSubnet(DEFAULT_POOLS, taken));
  expect(formatPrefix(taken.at(-1)!)).toBe("172.18.49.0/24");
});

test("pickSubnet() refuses a pool that is no prefix or too small for its subnets", () => {
  expect(() => pickSubnet([{ base: "nonsense", size: 24 }], [])).toThrow("invalid address pool: nonsense");
  expect(() => pickSubnet([{ base: "10.0.0.0/24", size: 16 }], [])).toThrow("expected 24 to 32");
});

test("uniqueLocalPool() is a /48 of RFC 4193", () => {
  expect(uniqueLocalPool("0a1b2c3d4e")).toEqual({ base: "fd0a:1b2c:3d4e::/48", size: 64 });
});

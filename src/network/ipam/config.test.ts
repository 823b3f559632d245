import { expect, test } from "bun:test";
import { parseCidr } from "#base/ip.ts";
import { completeIpam, type IpamRequest, reservedAddresses, usableRange } from "./config.ts";

function request(parts: Partial<IpamRequest>): IpamRequest {
  return {
    config: [],
    enableIPv4: true,
    enableIPv6: false,
    networks: [],
    avoid: [],
    pools: { 4: [{ base: "10.0.0.0/8", size: 24 }], 6: [{ base: "fd00::/48", size: 64 }] },
    ...parts,
  };
}

const prefix = (text: string) => parseCidr(text)!.prefix;

test("completeIpam() picks subnets and gateways for the families asked for", () => {
  expect(completeIpam(request({ enableIPv6: true }))).toEqual([
    { Subnet: "10.0.0.0/24", Gateway: "10.0.0.1" },
    { Subnet: "fd00::/64", Gateway: "fd00::1" },
  ]);
});

test("completeIpam() keeps clear of live routes only where the choice is its own", () => {
  const avoid = [prefix("10.0.0.0/16")];
  expect(completeIpam(request({ avoid }))[0]?.Subnet).toBe("10.1.0.0/24");
  expect(completeIpam(request({ avoid, config: [{ Subnet: "10.0.5.0/24" }] }))[0]?.Subnet).toBe(
    "10.0.5.0/24",
  );
});

test("completeIpam() keeps what the user wrote, in canonical spelling", () => {
  const config = {
    Subnet: "FD00:1::/64",
    IPRange: "fd00:1::/96",
    Gateway: "fd00:1:0:0::9",
    AuxiliaryAddresses: { router: "fd00:1::0:1" },
  };
  expect(completeIpam(request({ enableIPv4: false, enableIPv6: true, config: [config] }))).toEqual([
    {
      Subnet: "fd00:1::/64",
      IPRange: "fd00:1::/96",
      Gateway: "fd00:1::9",
      AuxiliaryAddresses: { router: "fd00:1::1" },
    },
  ]);
});

test("completeIpam() drops a pool of a family that is switched off", () => {
  const config = [{ Subnet: "10.9.0.0/24" }, { Subnet: "fd00:9::/64" }];
  expect(completeIpam(request({ config })).map(({ Subnet }) => Subnet)).toEqual(["10.9.0.0/24"]);
});

test("completeIpam() places the gateway in the range, past auxiliary addresses", () => {
  const config = [
    { Subnet: "10.9.0.0/24", IPRange: "10.9.0.128/25", AuxiliaryAddresses: { a: "10.9.0.128" } },
  ];
  expect(completeIpam(request({ config }))[0]?.Gateway).toBe("10.9.0.129");
});

test("completeIpam() refuses a subnet that overlaps another network", () => {
  expect(() =>
    completeIpam(
      request({
        networks: [{ ...prefix("10.9.0.0/16"), owner: "lan" }],
        config: [{ Subnet: "10.9.3.0/24" }],
      }),
    ),
  ).toThrow("invalid pool request: Pool overlaps with other one on this address space");
});

test("completeIpam() gives several subnets of one family to the drivers that can have them", () => {
  const config = [{ Subnet: "10.8.0.0/24" }, { Subnet: "10.9.0.0/24" }];
  expect(() => completeIpam(request({ config }))).toThrow("bridge driver doesn't support multiple subnets");
  const pools = completeIpam(request({ config, takesSeveral: true }));
  expect(pools.map(({ Subnet, Gateway }) => [Subnet, Gateway])).toEqual([
    ["10.8.0.0/24", "10.8.0.1"],
    ["10.9.0.0/24", "10.9.0.1"],
  ]);
  const twice = [{ Subnet: "10.8.0.0/24" }, { Subnet: "10.8.0.128/25" }];
  expect(() => completeIpam(request({ config: twice, takesSeveral: true }))).toThrow("Pool overlaps");
});

test("completeIpam() refuses auxiliary addresses that are taken", () => {
  const config = (AuxiliaryAddresses: Record<string, string>) => [
    { Subnet: "10.8.0.0/24", Gateway: "10.8.0.1", AuxiliaryAddresses },
  ];
  for (const taken of [
    { x: "10.8.0.9", y: "10.8.0.9" },
    { x: "10.8.0.2", y: "10.8.0.1" },
  ])
    expect(() => completeIpam(request({ config: config(taken) }))).toThrow(
      /^failed to allocate secondary ip address \(y:10\.8\.0\.[19]\): Address already in use$/,
    );
});

const COMPLAINTS = [
  { config: { Subnet: "10.0.0.0" }, complaint: "invalid subnet 10.0.0.0: invalid CIDR block notation" },
  { config: { Gateway: "10.0.0.1" }, complaint: "invalid subnet : invalid CIDR block notation" },
  { config: { Subnet: "10.0.0.7/24" }, complaint: "invalid subnet 10.0.0.7/24: it should be 10.0.0.0/24" },
  {
    config: { Subnet: "10.0.0.0/24", IPRange: "10.0.0.0/16" },
    complaint: "invalid ip-range 10.0.0.0/16: it is not within subnet 10.0.0.0/24",
  },
  {
    config: { Subnet: "10.0.0.0/24", IPRange: "10.0.0.9/28" },
    complaint: "invalid ip-range 10.0.0.9/28: it should be 10.0.0.0/28",
  },
  {
    config: { Subnet: "10.0.0.0/24", Gateway: "10.0.1.1" },
    complaint: "invalid gateway 10.0.1.1: it is not within subnet 10.0.0.0/24",
  },
  {
    config: { Subnet: "10.0.0.0/24", Gateway: "fd00::1" },
    complaint: "invalid gateway fd00::1: it is not within subnet 10.0.0.0/24",
  },
  {
    config: { Subnet: "10.0.0.0/24", AuxiliaryAddresses: { nas: "x" } },
    complaint: "invalid auxiliary address nas x: invalid address",
  },
];

for (const { config, complaint } of COMPLAINTS)
  test(`completeIpam() complains: ${complaint}`, () => {
    expect(() => completeIpam(request({ config: [config] }))).toThrow(
      `invalid network config:\n${complaint}`,
    );
  });

test("usableRange() leaves out network and broadcast address, but not of a /31 and no broadcast in IPv6", () => {
  expect(usableRange({ Subnet: "10.0.0.0/30" })).toEqual({
    family: 4,
    first: 0x0a000001n,
    last: 0x0a000002n,
  });
  expect(usableRange({ Subnet: "10.0.0.0/31" })).toEqual({
    family: 4,
    first: 0x0a000000n,
    last: 0x0a000001n,
  });
  const six = usableRange({ Subnet: "fd00::/126" });
  expect(six.last - six.first).toBe(2n);
});

test("usableRange() is the part of IPRange that is usable", () => {
  expect(usableRange({ Subnet: "10.0.0.0/24", IPRange: "10.0.0.0/30" })).toEqual({
    family: 4,
    first: 0x0a000001n,
    last: 0x0a000003n,
  });
});

test("reservedAddresses() are the gateway and the auxiliary addresses", () => {
  const reserved = reservedAddresses({
    Subnet: "10.0.0.0/24",
    Gateway: "10.0.0.1",
    AuxiliaryAddresses: { a: "10.0.0.2" },
  });
  expect([...reserved].sort()).toEqual([0x0a000001n, 0x0a000002n]);
});

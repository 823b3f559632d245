import { describe, expect, test } from "bun:test";
import { openMemoryState } from "#state/memory.ts";
import { openRecords } from "../records.ts";
import type { NetworkRecord } from "../types.ts";
import { REST_MS } from "./allocate.ts";
import { completeIpam } from "./config.ts";
import { Ipam } from "./ipam.ts";
import { restingSubnets, restSubnets } from "./rest.ts";

function network(subnet: string): NetworkRecord {
  const ipam = { driver: "default", options: {}, config: [{ Subnet: subnet }] };
  return { id: "n", name: "n", driver: "bridge", ipam, options: {}, labels: {} } as unknown as NetworkRecord;
}

describe("an address that was given back", () => {
  const small = network("10.0.0.0/29"); // .1 to .6
  function setUp() {
    const records = openRecords(openMemoryState());
    let nowMs = 0;
    const clock = { now: () => nowMs, sleep: async () => {} };
    return { records, newIpam: () => new Ipam({ records, clock }), pass: (ms: number) => (nowMs += ms) };
  }

  test("rests, also under the next engine, and then serves again", () => {
    const { records, newIpam, pass } = setUp();
    const before = newIpam();
    const given = ["a", "b", "c", "d", "e"].map((id) => before.lease(small, 4, id));
    expect(given).toEqual(["10.0.0.1", "10.0.0.2", "10.0.0.3", "10.0.0.4", "10.0.0.5"]);
    for (const [index, id] of ["a", "b", "c", "d", "e"].entries()) before.release("n", id, given[index]!);
    const after = newIpam();
    expect(after.lease(small, 4, "f")).toBe("10.0.0.6");
    expect(after.lease(small, 4, "c")).toBe("10.0.0.3"); // its own
    expect(after.lease(small, 4, "g")).toBe("10.0.0.1"); // nothing else is left, and it rests longest
    after.release("n", "f", "10.0.0.6");
    pass(REST_MS);
    newIpam().lease(small, 4, "h");
    expect(records.restingAddresses.list()).toEqual([]);
  });

  test("rests when nobody has asked about its network since the engine began", () => {
    const { newIpam } = setUp();
    newIpam().release("n", "a", "10.0.0.1");
    expect(newIpam().lease(small, 4, "b")).toBe("10.0.0.2");
  });

  test("is forgotten with its network", () => {
    const { records, newIpam } = setUp();
    const ipam = newIpam();
    ipam.release("n", "a", ipam.lease(small, 4, "a"));
    ipam.forget("n");
    expect(records.restingAddresses.list()).toEqual([]);
  });
});

test("a subnet whose network is gone rests, unless there is no other", () => {
  const records = openRecords(openMemoryState());
  const pools = { 4: [{ base: "10.0.0.0/23", size: 24 }], 6: [] };
  const next = (nowMs: number) =>
    completeIpam({
      config: [],
      enableIPv4: true,
      enableIPv6: false,
      networks: [],
      avoid: [],
      pools,
      resting: restingSubnets(records, nowMs),
    })[0]!.Subnet;
  restSubnets(records, network("10.0.0.0/24"), 0);
  expect(next(1)).toBe("10.0.1.0/24");
  restSubnets(records, network("10.0.1.0/24"), 1);
  expect(next(2)).toBe("10.0.0.0/24"); // both rest; this one longer
  restSubnets(records, network("10.0.0.0/24"), 3);
  expect(next(4)).toBe("10.0.1.0/24");
  expect(next(REST_MS + 3)).toBe("10.0.0.0/24");
  expect(records.restingSubnets.list()).toEqual([]);
});

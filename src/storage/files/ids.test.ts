import { expect, test } from "bun:test";
import { containerId, hostId } from "./ids.ts";

const MAPPINGS = [
  { containerId: 0, hostId: 100_000, size: 1000 },
  { containerId: 1000, hostId: 500_000, size: 10 },
];

test("ids go both ways, range by range, and stay without a mapping", () => {
  for (const [inside, outside] of [
    [0, 100_000],
    [999, 100_999],
    [1005, 500_005],
  ] as const) {
    expect(hostId(MAPPINGS, inside)).toBe(outside);
    expect(containerId(MAPPINGS, outside)).toBe(inside);
  }
  expect([hostId(undefined, 7), containerId(undefined, 7)]).toEqual([7, 7]);
});

test("an id of nobody's is nobody's, and cannot be given", () => {
  expect(containerId(MAPPINGS, 0)).toBe(65_534);
  expect(() => hostId(MAPPINGS, 1010)).toThrow("id 1010 is none of the container's user namespace");
});

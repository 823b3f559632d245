import { expect, test } from "bun:test";
import { exchangeIds } from "./exchange-ids.ts";

const NONE = 0xffff_ffff;

/** As the kernel applies the ranges. */
function seen(mapping: ReturnType<typeof exchangeIds>, id: number): number | undefined {
  const range = mapping.find(({ containerId, size }) => id >= containerId && id < containerId + size);
  return range && id - range.containerId + range.hostId;
}

test("exchangeIds() lets two ids change places and no other", () => {
  for (const [a, b] of [
    [1000, 0],
    [0, 1000],
    [5, 6],
    [NONE - 1, 0],
    [7, 7],
  ] as const) {
    const mapping = exchangeIds([a, b]);
    expect(mapping.length).toBeLessThanOrEqual(5); // Linux before 4.15 takes no more
    for (const id of [0, 1, a, b, a + 1, 65534, NONE - 1].filter((one) => one < NONE))
      expect({ a, b, id, seen: seen(mapping, id) }).toEqual({
        a,
        b,
        id,
        seen: id === a ? b : id === b ? a : id,
      });
    expect(seen(mapping, NONE)).toBeUndefined();
    expect(mapping.reduce((sum, { size }) => sum + size, 0)).toBe(NONE);
  }
});

import { expect, test } from "bun:test";
import { binarySize, humanAge, humanSize } from "./human.ts";

test("humanSize() uses multiples of 1000 and the digits asked for", () => {
  expect([0, 999, 1000, 1_982_000, 1_234_567_890].map((n) => humanSize(n))).toEqual([
    "0B",
    "999B",
    "1kB",
    "1.982MB",
    "1.235GB",
  ]);
  expect(humanSize(1_982_000, 3)).toBe("1.98MB");
});

test("binarySize() uses multiples of 1024", () => {
  expect([512, 6 << 20, 25_275_000_000].map(binarySize)).toEqual(["512B", "6MiB", "23.54GiB"]);
});

test("humanAge() counts from Unix seconds", () => {
  expect(humanAge(1000, 1_180_000)).toBe("3 minutes ago");
});

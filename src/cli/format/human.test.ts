import { describe, expect, test } from "bun:test";
import { binarySize, humanAge, humanDuration, humanSize } from "./human.ts";

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

describe("humanDuration()", () => {
  const hour = 3600;
  const day = 24 * hour;
  const cases: [seconds: number, text: string][] = [
    [0.4, "Less than a second"],
    [1, "1 second"],
    [59, "59 seconds"],
    [60, "About a minute"],
    [150, "2 minutes"],
    [59 * 60, "59 minutes"],
    [hour, "About an hour"],
    [1.6 * hour, "2 hours"],
    [47 * hour, "47 hours"],
    [3 * day, "3 days"],
    [15 * day, "2 weeks"],
    [70 * day, "2 months"],
    [800 * day, "2 years"],
  ];
  for (const [seconds, text] of cases)
    test(`humanDuration() says ${text} for ${seconds} s`, () =>
      expect(humanDuration(seconds * 1000)).toBe(text));
});

test("humanAge() counts from Unix seconds", () => {
  expect(humanAge(1000, 1_180_000)).toBe("3 minutes ago");
});

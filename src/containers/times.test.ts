import { describe, expect, test } from "bun:test";
import { formatNanos, millisOf, NEVER, parseNanos, Ticker } from "./times.ts";

describe("parseNanos()", () => {
  const table = [
    { text: "2026-11-21T03:04:05Z", nanos: 1_795_230_245_000_000_000n },
    { text: "2026-11-21T03:04:05.1Z", nanos: 1_795_230_245_100_000_000n },
    { text: "2026-11-21T03:04:05.123456789Z", nanos: 1_795_230_245_123_456_789n },
    { text: "2026-11-21T05:04:05.5+02:00", nanos: 1_795_230_245_500_000_000n },
    { text: NEVER, nanos: undefined },
    { text: "yesterday", nanos: undefined },
  ];
  for (const row of table)
    test(`reads ${row.text}`, () => {
      expect(parseNanos(row.text)).toBe(row.nanos);
    });
});

describe("formatNanos()", () => {
  test("writes nine digits and is undone by parseNanos()", () => {
    expect(formatNanos(1_795_230_245_000_000_001n)).toBe("2026-11-21T03:04:05.000000001Z");
    expect(parseNanos(formatNanos(1_795_230_245_000_000_001n))).toBe(1_795_230_245_000_000_001n);
  });
});

describe("Ticker", () => {
  test("now() never repeats and never goes back", () => {
    let ms = 1_795_230_245_000;
    const ticker = new Ticker(() => ms);
    const times = [ticker.now(), ticker.now()];
    ms -= 5000;
    times.push(ticker.now());
    expect(times).toEqual([...new Set(times)].sort());
    expect(millisOf(times[0]!)).toBe(1_795_230_245_000);
  });
});

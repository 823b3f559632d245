import { describe, expect, test } from "bun:test";
import { parseTimestamp } from "./time.ts";

describe("parseTimestamp()", () => {
  const now = Date.parse("2026-01-02T00:00:00Z");
  const cases: [text: string, seconds: string][] = [
    ["1h", String(now / 1000 - 3600)],
    ["2026-01-01T00:00:00Z", "1767225600.000000000"],
    ["2026-01-01T01:00:00.5+01:00", "1767225600.500000000"],
    ["1.5", "1.5"],
  ];
  for (const [text, seconds] of cases)
    test(`parseTimestamp() reads ${text}`, () => expect(parseTimestamp(text, now)).toBe(seconds));

  test("parseTimestamp() refuses other texts", () => {
    expect(() => parseTimestamp("foo", now)).toThrow('failed to parse value as time or duration: "foo"');
  });
});

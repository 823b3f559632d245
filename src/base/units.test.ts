import { expect, test } from "bun:test";
import { parseBytes, parseDurationMs } from "./units.ts";

test.each([
  ["512", 512],
  ["512b", 512],
  ["64k", 65536],
  ["64KB", 65536],
  ["1.5g", 1610612736],
  ["2GiB", 2147483648],
])("parseBytes(%p) is %p", (text, bytes) => expect(parseBytes(text)).toBe(bytes));

test.each(["", "g", "-1", "1x", "1 2"])("parseBytes(%p) is refused by name", (text) =>
  expect(() => parseBytes(text)).toThrow(`invalid size: '${text}'`),
);

test.each([
  ["0", 0],
  ["300ms", 300],
  ["1m30s", 90_000],
  ["1.5h", 5_400_000],
  ["-2s", -2000],
])("parseDurationMs(%p) is %p", (text, ms) => expect(parseDurationMs(text)).toBe(ms));

test.each(["", "5", "1d", "s"])("parseDurationMs(%p) is refused", (text) =>
  expect(() => parseDurationMs(text)).toThrow(),
);

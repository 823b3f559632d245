import { describe, expect, test } from "bun:test";
import { compareVersions, isApiVersion, isBefore, MAX_API_VERSION, negotiate } from "./versions.ts";

describe("compareVersions()", () => {
  const rows = [
    { a: "1.9", b: "1.24", sign: -1 },
    { a: "1.41", b: "1.41", sign: 0 },
    { a: "1.41", b: "1.41.0", sign: 0 },
    { a: "2.0", b: "1.55", sign: 1 },
    { a: "1.41.1", b: "1.41", sign: 1 },
  ];
  for (const { a, b, sign } of rows)
    test(`puts ${a} and ${b} in order ${sign}`, () => {
      expect(Math.sign(compareVersions(a, b))).toBe(sign);
      expect(isBefore(a, b)).toBe(sign < 0);
    });
});

describe("negotiate()", () => {
  test("answers a request without a version in the newest one", () => {
    expect(negotiate(undefined, "1.24")).toBe(MAX_API_VERSION);
  });
  test("keeps the version asked for", () => {
    expect(negotiate("1.24", "1.24")).toBe("1.24");
    expect(negotiate("1.55", "1.24")).toBe("1.55");
  });
  test("refuses versions out of range with Docker's texts", () => {
    expect(() => negotiate("1.5", "1.24")).toThrow(
      "client version 1.5 is too old. Minimum supported API version is 1.24, please upgrade your client to a newer version",
    );
    expect(() => negotiate("1.99", "1.24")).toThrow(
      "client version 1.99 is too new. Maximum supported API version is 1.55",
    );
    expect(() => negotiate("2.0", "1.24")).toThrow("too new");
  });
});

test("isApiVersion() accepts dotted numbers only", () => {
  expect(["1.24", "1", "1.41.1"].every(isApiVersion)).toBe(true);
  expect(["", "x", "1.", ".5", "1..2", "1.41x", "99999.1"].some(isApiVersion)).toBe(false);
});

import { expect, test } from "bun:test";
import type { Platform } from "./oci/manifest.ts";
import { formatPlatform, isSamePlatform, parsePlatform, runnablePlatforms } from "./platform.ts";

const host: Platform = { os: "linux", architecture: "amd64" };

test.each([
  ["linux/arm64", "linux/arm64"],
  ["linux/arm64/v8", "linux/arm64"],
  ["linux/arm64/8", "linux/arm64"],
  ["linux/aarch64", "linux/arm64"],
  ["linux/arm", "linux/arm/v7"],
  ["linux/arm/6", "linux/arm/v6"],
  ["linux/armhf", "linux/arm/v7"],
  ["linux/armel", "linux/arm/v6"],
  ["Linux/x86_64", "linux/amd64"],
  ["linux/amd64/v1", "linux/amd64"],
  ["linux/amd64/v3", "linux/amd64/v3"],
  ["arm64", "linux/arm64"],
  ["linux", "linux/amd64"],
  ["windows", "windows/amd64"],
  ["macos", "darwin/amd64"],
  ["linux/strange", "linux/strange"],
])("parsePlatform() reads %s as %s", (text, expected) => {
  expect(formatPlatform(parsePlatform(text, host))).toBe(expected);
});

test.each(["", "strange", "linux/", "linux/a/b/c", "linux/arm 64", "li!nux"])(
  "parsePlatform() refuses '%s'",
  (text) => {
    expect(() => parsePlatform(text, host)).toThrow("invalid argument");
  },
);

test("runnablePlatforms() puts the platform itself first, then what it can also run", () => {
  const all = (platform: Platform) => runnablePlatforms(platform).map(formatPlatform);
  expect(all({ os: "linux", architecture: "amd64" })).toEqual(["linux/amd64", "linux/386"]);
  expect(all({ os: "linux", architecture: "amd64", variant: "v3" })).toEqual([
    "linux/amd64/v3",
    "linux/amd64/v2",
    "linux/amd64",
    "linux/386",
  ]);
  expect(all({ os: "linux", architecture: "arm64" })).toEqual([
    "linux/arm64",
    "linux/arm/v8",
    "linux/arm/v7",
    "linux/arm/v6",
    "linux/arm/v5",
  ]);
  expect(all({ os: "linux", architecture: "arm", variant: "v6" })).toEqual(["linux/arm/v6", "linux/arm/v5"]);
  expect(all({ os: "linux", architecture: "s390x" })).toEqual(["linux/s390x"]);
  expect(all({ os: "linux", architecture: "arm64", variant: "v9" })).toContain("linux/arm64");
  expect(all({ os: "linux", architecture: "amd64", variant: "v99999999" })).toHaveLength(11);
});

test("isSamePlatform() knows one platform by its several names", () => {
  expect(
    isSamePlatform(
      { os: "linux", architecture: "arm64", variant: "v8" },
      { os: "linux", architecture: "aarch64" },
    ),
  ).toBe(true);
  expect(isSamePlatform(host, { os: "linux", architecture: "386" })).toBe(false);
});

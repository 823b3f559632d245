import { expect, test } from "bun:test";
import {
  normaliseCapabilities,
  parseByteRate,
  parseDeviceWeight,
  parseRestartPolicy,
  parseUlimit,
} from "./limits.ts";

test("parseUlimit() takes one value for both limits", () => {
  expect([parseUlimit("nofile=5:6"), parseUlimit("core=-1")]).toEqual([
    { Name: "nofile", Soft: 5, Hard: 6 },
    { Name: "core", Soft: -1, Hard: -1 },
  ]);
});

for (const [text, message] of [
  ["foo=1", "invalid ulimit type: foo"],
  ["nofile=5:3", "5 > 3"],
  ["nofile=-1:5", "soft: -1 (unlimited), hard: 5"],
  ["nofile", "invalid ulimit argument: nofile"],
])
  test(`parseUlimit() refuses ${text}`, () => expect(() => parseUlimit(text!)).toThrow(message!));

test("device limits name path and rate", () => {
  expect(parseByteRate("/dev/a:1mb")).toEqual({ Path: "/dev/a", Rate: 1 << 20 });
  expect(() => parseByteRate("/dev/x:1z")).toThrow("invalid rate for device: /dev/x:1z.");
  expect(() => parseDeviceWeight("/dev/x:2000")).toThrow("invalid weight for device: /dev/x:2000");
});

test("parseRestartPolicy() splits off the count", () => {
  expect([parseRestartPolicy("on-failure:3"), parseRestartPolicy("always"), parseRestartPolicy("")]).toEqual([
    { Name: "on-failure", MaximumRetryCount: 3 },
    { Name: "always" },
    {},
  ]);
  expect(() => parseRestartPolicy(":1")).toThrow("no policy provided before colon");
});

test("normaliseCapabilities() adds the prefix, drops doubles and sorts", () => {
  expect(normaliseCapabilities(["net_admin", "ALL", "CAP_NET_ADMIN"])).toEqual(["ALL", "CAP_NET_ADMIN"]);
});

import { expect, test } from "bun:test";
import type { RuntimeDevice } from "#spec/oci/runtime.ts";
import { DEVICE_RULES } from "./defaults.ts";
import { devicesOf, parseDeviceRule } from "./devices.ts";

const FUSE: RuntimeDevice = { type: "c", path: "/dev/fuse", major: 10, minor: 229 };
const DISK: RuntimeDevice = { type: "b", path: "/dev/sda", major: 8, minor: 0 };

test("devicesOf() allows what was asked after what everybody may", () => {
  const found = { asked: [{ device: DISK, access: "r" }], host: [], block: new Map() };
  expect(devicesOf({ DeviceCgroupRules: ["a *:* m"] }, found)).toEqual({
    devices: [DISK],
    rules: [
      ...DEVICE_RULES,
      { allow: true, type: "b", major: 8, minor: 0, access: "r" },
      { allow: true, type: "a", access: "m" },
    ],
  });
});

test("devicesOf() of a privileged container has all the host's, and those asked for under their new names", () => {
  const renamed = { ...FUSE, path: "/dev/sda" };
  const found = { asked: [{ device: renamed, access: "rwm" }], host: [FUSE, DISK], block: new Map() };
  expect(devicesOf({ Privileged: true }, found)).toEqual({
    devices: [FUSE, renamed],
    rules: [{ allow: true, access: "rwm" }],
  });
});

test("parseDeviceRule() reads numbers and asterisks", () => {
  expect(parseDeviceRule("c 1:* rwm")).toEqual({ allow: true, type: "c", major: 1, access: "rwm" });
  for (const text of ["c 1:2", "x 1:2 r", "c 1:2 rwmx", "c 1 2 r", ""])
    expect(() => parseDeviceRule(text)).toThrow(`invalid device cgroup rule format: '${text}'`);
});

import { expect, test } from "bun:test";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readDevices } from "./devices.ts";

test("readDevices() looks a device up, under the name and with the access asked for", () => {
  const { asked } = readDevices({
    Devices: [{ PathOnHost: "/dev/null", PathInContainer: "/dev/mine", CgroupPermissions: "r" }],
  });
  expect(asked).toMatchObject([
    { device: { type: "c", path: "/dev/mine", major: 1, minor: 3, uid: 0 }, access: "r" },
  ]);
});

test("readDevices() follows a link to the device", () => {
  const directory = mkdtempSync(join(tmpdir(), "wharf-device-"));
  const link = join(directory, "by-name");
  symlinkSync("/dev/zero", link);
  expect(readDevices({ Devices: [{ PathOnHost: link }] }).asked).toMatchObject([
    { device: { path: link, major: 1, minor: 5 }, access: "rwm" },
  ]);
  rmSync(directory, { recursive: true });
});

test("readDevices() finds the host's devices for a privileged container only", () => {
  const { host } = readDevices({ Privileged: true });
  expect(host).toContainEqual(expect.objectContaining({ path: "/dev/null", major: 1, minor: 3 }));
  expect(host.some(({ path }) => path.startsWith("/dev/pts/") || path === "/dev/console")).toBe(false);
  expect(readDevices({}).host).toEqual([]);
});

test.each([
  ["/dev/nosuch", 'adding custom device "/dev/nosuch": no such file or directory'],
  ["/etc/passwd", 'adding custom device "/etc/passwd": not a device node'],
])("readDevices() refuses %s", (path, message) => {
  expect(() => readDevices({ Devices: [{ PathOnHost: path }] })).toThrow(message);
});

test("readDevices() refuses what is no access", () => {
  const device = { PathOnHost: "/dev/null", CgroupPermissions: "rx" };
  expect(() => readDevices({ Devices: [device] })).toThrow("invalid device mode: rx");
});

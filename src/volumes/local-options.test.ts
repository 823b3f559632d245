import { expect, test } from "bun:test";
import { checkLocalOptions, localMount, withServerAddress } from "./local-options.ts";

test("localMount() of a volume without options is none", () => {
  expect(localMount({})).toBeUndefined();
});

test("localMount() tells the kernel's flags from the file system's options", () => {
  expect(localMount({ type: "tmpfs", device: "tmpfs", o: "size=64m,rw,noexec,uid=5" })).toEqual({
    source: "tmpfs",
    fsType: "tmpfs",
    flags: ["noexec"],
    data: "size=64m,uid=5",
    serverName: undefined,
  });
});

test("localMount() knows every word of mount(8) that is no option of a file system", () => {
  const o = "sync,async,dirsync,nodiratime,strictatime,mand,diratime,rshared,vers=4";
  expect(localMount({ type: "nfs", device: ":/x", o })).toMatchObject({
    flags: ["sync", "dirsync", "nodiratime", "strictatime", "mand"],
    propagation: "rshared",
    data: "vers=4",
  });
});

test("localMount() of NFS names the server that must become an address", () => {
  const mount = localMount({ type: "nfs", device: ":/export", o: "addr=nas.lan,vers=4" })!;
  expect(mount.serverName).toBe("nas.lan");
  expect(withServerAddress(mount, "10.0.0.9").data).toBe("addr=10.0.0.9,vers=4");
  expect(localMount({ type: "nfs", device: ":/x", o: "addr=10.0.0.9" })?.serverName).toBeUndefined();
});

const REFUSED: { options: Record<string, string>; text: string }[] = [
  { options: { colour: "red" }, text: 'create v: invalid option: "colour"' },
  { options: { type: "nfs" }, text: 'create v: missing required option: "device"' },
  { options: { device: "/dev/sdb" }, text: 'create v: missing required option: "type"' },
  { options: { o: "bind" }, text: 'create v: missing required option: "device"' },
];

for (const { options, text } of REFUSED)
  test(`checkLocalOptions() refuses ${JSON.stringify(options)}`, () => {
    expect(() => checkLocalOptions("v", options)).toThrow(text);
  });

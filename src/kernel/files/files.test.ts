import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { O } from "../ffi/constants.ts";
import * as at from "./at.ts";
import { createFiles } from "./files.ts";

describe.skipIf(process.getuid?.() !== 0)("Files (as root)", () => {
  const files = createFiles();
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "wharf-files-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  test("openInRoot() resolves absolute links below the root", () => {
    mkdirSync(join(directory, "etc"));
    writeFileSync(join(directory, "etc/passwd"), "inside");
    symlinkSync("/etc/passwd", join(directory, "link"));
    const root = files.openDirectory(directory);
    const fd = files.openInRoot(root, "link", O.RDONLY);
    expect(readFileSync(fd, "utf8")).toBe("inside");
    expect(() => files.openInRoot(root, "../../../../etc/hostname", O.RDONLY)).toThrow("ENOENT");
    const proc = files.openDirectory("/proc");
    expect(() => files.openInRoot(proc, "self/exe", O.RDONLY)).toThrow("ELOOP");
    files.close(proc);
    files.close(fd);
    files.close(root);
  });

  test("setXattr(), getXattr() and listXattrs() work on a link itself", () => {
    symlinkSync("/nowhere", join(directory, "link"));
    const link = join(directory, "link");
    const value = Uint8Array.of(1, 0, 2, 255);
    files.setXattr(link, "trusted.one", value);
    files.setXattr(link, "trusted.empty", new Uint8Array());
    expect(files.getXattr(link, "trusted.one")).toEqual(value);
    expect(files.getXattr(link, "trusted.empty")).toEqual(new Uint8Array());
    expect(files.getXattr(link, "trusted.none")).toBeUndefined();
    expect(files.listXattrs(link).toSorted()).toEqual(["trusted.empty", "trusted.one"]);
    expect(() => files.getXattr(join(directory, "gone"), "trusted.one")).toThrow("ENOENT");
  });

  test("getXattr() finds nothing on a file system without attributes", () => {
    expect(files.getXattr("/proc/version", "user.x")).toBeUndefined();
  });

  test("socketPair() gives two connected, non-blocking ends", () => {
    const [one, other] = files.socketPair();
    at.write(one, Buffer.from("ping"));
    const bytes = Buffer.alloc(8);
    expect(at.read(other, bytes)).toBe(4);
    expect(bytes.toString("latin1", 0, 4)).toBe("ping");
    expect(() => at.read(other, bytes)).toThrow("EAGAIN");
    files.close(one);
    expect(at.read(other, bytes)).toBe(0);
    files.close(other);
  });

  test("isHungUp() tells a peer that has gone from one that ended its half", async () => {
    const path = join(mkdtempSync(join(tmpdir(), "hung-up-")), "socket");
    const accepted = Promise.withResolvers<Bun.Socket>();
    using listener = Bun.listen({
      unix: path,
      allowHalfOpen: true,
      socket: { open: (socket) => accepted.resolve(socket), data() {} },
    });
    const client = await Bun.connect({ unix: path, allowHalfOpen: true, socket: { data() {} } });
    const { fd } = (await accepted.promise) as unknown as { readonly fd: number };
    expect(files.isHungUp(fd)).toBe(false);
    client.shutdown();
    expect(files.isHungUp(fd)).toBe(false);
    client.terminate();
    expect(files.isHungUp(fd)).toBe(true);
    listener.stop(true);
  });

  test("sealedCopy() runs as a program and cannot be written, grown or reopened for writing", () => {
    const fd = files.sealedCopy("/bin/echo", "echo");
    const path = `/proc/${process.pid}/fd/${fd}`;
    expect(readlinkSync(path)).toStartWith("/memfd:echo");
    expect(Bun.spawnSync([path, "hello"]).stdout.toString()).toBe("hello\n");
    expect(() => at.write(fd, Buffer.from("x"))).toThrow("EBADF");
    expect(() => writeFileSync(path, "x")).toThrow(/EPERM|ETXTBSY/);
    files.close(fd);
    expect(() => files.sealedCopy("/nowhere/echo", "echo")).toThrow("ENOENT");
  });

  test("statfs() tells the file system's type and space", () => {
    const proc = files.statfs("/proc");
    expect(proc.type).toBe(0x9fa0);
    const root = files.statfs("/");
    expect(root.blockSize).toBeGreaterThan(0);
    expect(root.blocks).toBeGreaterThanOrEqual(root.available);
    expect(root.free).toBeGreaterThanOrEqual(root.available);
  });
});

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { lstatSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AT, FALLOC, O, RENAME, RESOLVE, S } from "../ffi/constants.ts";
import * as at from "./at.ts";

describe.skipIf(process.getuid?.() !== 0)("the *at calls (as root)", () => {
  let directory: string;
  let fd: number;

  beforeAll(() => {
    directory = mkdtempSync(join(tmpdir(), "wharf-at-"));
    fd = at.openat(AT.FDCWD, directory, O.PATH | O.DIRECTORY);
  });
  afterAll(() => {
    at.close(fd);
    rmSync(directory, { recursive: true });
  });

  const create = (name: at.FileName): number => at.openat(fd, name, O.RDWR | O.CREAT | O.EXCL, 0o600);

  test("write() and pwrite() put parts of a buffer in place, read() gets them back", () => {
    const file = create("parts");
    at.write(file, Buffer.from("--hello--"), 2, 5);
    at.pwrite(file, Buffer.from("--world--"), 2, 5, 10);
    at.close(file);
    const again = at.openat(fd, "parts", O.RDONLY);
    const bytes = Buffer.alloc(32);
    expect(at.read(again, bytes, 1, 20)).toBe(15);
    expect(bytes.toString("latin1", 1, 16)).toBe("hello\0\0\0\0\0world");
    at.close(again);
  });

  test("write() refuses a range outside its buffer instead of reading foreign memory", () => {
    expect(() => at.write(fd, new Uint8Array(4), 2, 3)).toThrow(RangeError);
    expect(() => at.read(fd, new Uint8Array(4), -1, 2)).toThrow(RangeError);
  });

  test.each([
    { title: "after 1970", nanos: 1_234_567_890_123_456_789n },
    { title: "before 1970", nanos: -1n },
    { title: "beyond 2^32 seconds", nanos: 4_294_967_297_000_000_001n },
  ])("utimensat() and futimens() keep every nanosecond $title", ({ nanos }) => {
    const file = at.openat(fd, "times", O.RDWR | O.CREAT, 0o600);
    at.futimens(file, 5n, nanos);
    expect(statSync(join(directory, "times"), { bigint: true })).toMatchObject({
      atimeNs: 5n,
      mtimeNs: nanos,
    });
    at.close(file);
    at.utimensat(fd, "times", nanos, 7n);
    expect(statSync(join(directory, "times"), { bigint: true })).toMatchObject({
      atimeNs: nanos,
      mtimeNs: 7n,
    });
  });

  test("mknodat() with makeDevice() keeps twelve bits of major and twenty of minor", () => {
    at.mknodat(fd, "device", S.IFCHR | 0o600, at.makeDevice(4095, 0xfffff));
    expect(lstatSync(join(directory, "device")).rdev).toBe(0xffffffff);
    at.mknodat(fd, "whiteout", S.IFCHR, at.makeDevice(0, 0));
    expect(lstatSync(join(directory, "whiteout")).rdev).toBe(0);
    at.mknodat(fd, "fifo", S.IFIFO | 0o600);
    expect(lstatSync(join(directory, "fifo")).isFIFO()).toBe(true);
  });

  test("links, renames, owners and modes touch the named file only", () => {
    at.mkdirat(fd, "sub", 0o700);
    at.symlinkat("parts-that-are-not", fd, "link");
    expect(readlinkSync(join(directory, "link"))).toBe(at.readlinkat(fd, "link"));
    at.linkat(fd, "link", fd, "sub/hard");
    expect(lstatSync(join(directory, "sub/hard")).isSymbolicLink()).toBe(true);
    at.fchownat(fd, "link", 12, 34);
    expect(lstatSync(join(directory, "link"))).toMatchObject({ uid: 12, gid: 34 });
    at.fchmodat(fd, "sub", 0o1777);
    expect(lstatSync(join(directory, "sub")).mode & 0o7777).toBe(0o1777);
    expect(() => at.renameat2(fd, "link", fd, "sub", RENAME.NOREPLACE)).toThrow("EEXIST");
    at.renameat2(fd, "link", fd, "moved");
    at.unlinkat(fd, "sub/hard");
    at.unlinkat(fd, "sub", AT.REMOVEDIR);
    expect(readdirSync(directory)).not.toContain("sub");
  });

  test("fchown(), fchmod(), ftruncate() and fallocate() work on descriptors", () => {
    const file = create("descriptor");
    at.fchown(file, 7, 8);
    at.fchmod(file, 0o4755);
    at.ftruncate(file, 10_000_000_000);
    at.fallocate(file, FALLOC.KEEP_SIZE, 0, 4096);
    expect(statSync(join(directory, "descriptor"))).toMatchObject({ uid: 7, gid: 8, size: 10_000_000_000 });
    expect(statSync(join(directory, "descriptor")).mode & 0o7777).toBe(0o4755);
    at.fsync(file);
    at.close(file);
  });

  test("names that are not UTF-8 are kept byte by byte", () => {
    at.close(create(Buffer.from([0x66, 0xff, 0xfe])));
    const names = readdirSync(directory, { encoding: "buffer" }).map((name) => name.toString("hex"));
    expect(names).toContain("66fffe");
  });

  test("openat2() with IN_ROOT keeps absolute links and '..' below the directory", () => {
    at.symlinkat("/etc/passwd", fd, "absolute");
    at.symlinkat("../../../../../../etc/passwd", fd, "relative");
    at.symlinkat("/proc/self/root/etc/passwd", fd, "magic");
    for (const name of ["absolute", "relative", "magic"]) {
      const open = () => at.openat2(fd, name, O.RDONLY, 0, RESOLVE.IN_ROOT | RESOLVE.NO_MAGICLINKS);
      expect(open).toThrow("ENOENT");
    }
  });

  test("a failed call names itself and the file", () => {
    expect(() => at.mkdirat(fd, "no/such", 0o755)).toThrow(
      "mkdirat no/such: no such file or directory (ENOENT)",
    );
    expect(readFileSync(join(directory, "parts")).length).toBe(15);
  });
});

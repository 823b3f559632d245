import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
} from "node:fs";
import { join } from "node:path";
import { getXattr, setXattr } from "#kernel/files/xattr.ts";
import { archive, directory, layerIn, symlink, temporaryDirectory } from "../_testing/archives.ts";
import { DEFAULT_BOUNDS } from "./bounds.ts";
import { copyTree } from "./copy-tree.ts";
import { unpackBlob } from "./unpack-blob.ts";

describe.skipIf(process.getuid?.() !== 0)("copyTree() (as root)", () => {
  let home: string;
  let from: string;
  let to: string;
  beforeEach(() => {
    home = temporaryDirectory();
    from = join(home, "diff");
    to = join(home, "to");
    mkdirSync(to);
  });
  afterEach(() => rmSync(home, { recursive: true }));

  test("copies every kind of file with all that belongs to it", async () => {
    const mtime = { seconds: 1_000_000_000, nanos: 123_456_789 };
    const bytes = archive(
      directory("./", { mode: 0o711, uid: 9 }),
      directory("d", { mode: 0o1777, gid: 4, mtime }),
      { name: "d/su", text: "hello", mode: 0o4755, uid: 5, mtime },
      { ...symlink("d/l\udce4", "target\udcff"), uid: 6, mtime },
      { name: "d/dev", type: "block", mode: 0o640, deviceMajor: 259, deviceMinor: 70_000 },
      { name: "d/fifo", type: "fifo", mode: 0o600 },
    );
    await unpackBlob({ ...layerIn(home, bytes), whiteouts: "overlay", bounds: DEFAULT_BOUNDS });
    linkSync(join(from, "d/su"), join(from, "d/su2"));
    setXattr(join(from, "d/su"), "user.x", Buffer.from([0, 1]));
    setXattr(join(from, "d"), "trusted.overlay.opaque", Buffer.from("y"));

    copyTree(from, to);

    const names = (root: string) =>
      readdirSync(root, { recursive: true, encoding: "buffer" }).map((name) => name.toString("hex"));
    expect(names(to).toSorted()).toEqual(names(from).toSorted());
    for (const name of [".", "d", "d/su", "d/dev", "d/fifo"]) {
      const { mode, uid, gid, rdev, size, mtimeNs } = lstatSync(join(from, name), { bigint: true });
      const expected =
        name === "." || name === "d" ? { mode, uid, gid, mtimeNs } : { mode, uid, gid, rdev, size, mtimeNs };
      expect(lstatSync(join(to, name), { bigint: true })).toMatchObject(expected);
    }
    const link = Buffer.concat([Buffer.from(`${to}/d/l`), Buffer.from([0xe4])]);
    expect(readlinkSync(link, { encoding: "buffer" }).toString("latin1")).toBe("target\xff");
    expect(lstatSync(link).uid).toBe(6);
    expect(readFileSync(join(to, "d/su"), "utf8")).toBe("hello");
    expect(statSync(join(to, "d/su")).ino).toBe(statSync(join(to, "d/su2")).ino);
    expect(statSync(join(to, "d/su")).ino).not.toBe(statSync(join(from, "d/su")).ino);
    expect(getXattr(join(to, "d/su"), "user.x")).toEqual(Uint8Array.of(0, 1));
    expect(getXattr(join(to, "d"), "trusted.overlay.opaque")).toBeUndefined();
  });

  test("refuses to write into what is there already", () => {
    mkdirSync(join(from, "d"), { recursive: true });
    copyTree(from, to);
    expect(() => copyTree(from, to)).toThrow("EEXIST");
  });
});

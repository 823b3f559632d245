import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  existsSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { sha256 } from "#base/digest.ts";
import { hermetic } from "#kernel/_testing/hermetic.ts";
import { getXattr, listXattrs } from "#kernel/files/xattr.ts";
import {
  archive,
  directory,
  hardlink,
  type Item,
  layerIn,
  symlink,
  temporaryDirectory,
} from "../_testing/archives.ts";
import type { WhiteoutStyle } from "../types.ts";
import { DEFAULT_BOUNDS, type LayerBounds } from "./bounds.ts";
import { unpackBlob } from "./unpack-blob.ts";

// Capability cap_net_raw=ep as setcap writes it (struct vfs_cap_data, version 2).
const NET_RAW = Buffer.from("0100000200200000000000000000000000000000", "hex");

hermetic(import.meta.path, () => {
  let home: string;
  let root: string;
  beforeEach(() => {
    home = temporaryDirectory();
    root = join(home, "diff");
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const below = (path: string) => join(root, path);
  const textOf = (path: string) => readFileSync(below(path), "utf8");
  const isWhiteout = (path: string) =>
    lstatSync(below(path)).isCharacterDevice() && lstatSync(below(path)).rdev === 0;
  const isOpaque = (path: string) => getXattr(below(path), "trusted.overlay.opaque")?.toString() === "121";

  function unpackBytes(
    bytes: Uint8Array,
    whiteouts: WhiteoutStyle = "overlay",
    bounds: Partial<LayerBounds> = {},
  ) {
    return unpackBlob({ ...layerIn(home, bytes), whiteouts, bounds: { ...DEFAULT_BOUNDS, ...bounds } });
  }
  const unpack = (...items: Item[]) => unpackBytes(archive(...items));

  describe("what a layer holds is kept", () => {
    test("contents, modes with setuid, owners and times to the nanosecond", async () => {
      const mtime = { seconds: 1_000_000_000, nanos: 123_456_789 };
      const old = { seconds: -1, nanos: 5 };
      const result = await unpack(
        directory("./", { mode: 0o711, mtime: old }),
        directory("d", { mode: 0o1777, uid: 7, gid: 8, mtime }),
        { name: "d/tool", text: "hello", mode: 0o4755, uid: 65534, gid: 100_000, mtime },
      );
      expect(textOf("d/tool")).toBe("hello");
      expect(statSync(below("d/tool"), { bigint: true })).toMatchObject({
        mode: 0o104755n,
        uid: 65534n,
        gid: 100_000n,
        mtimeNs: 1_000_000_000_123_456_789n,
      });
      expect(statSync(below("d"), { bigint: true })).toMatchObject({
        mode: 0o41777n,
        uid: 7n,
        gid: 8n,
        mtimeNs: 1_000_000_000_123_456_789n,
      });
      expect(statSync(root, { bigint: true })).toMatchObject({ mode: 0o40711n, mtimeNs: -999_999_995n });
      expect(result).toMatchObject({ entries: 3, sizeBytes: 5, implicitDirectories: [] });
    });

    test("devices, fifos, links, and owners of links", async () => {
      await unpack(
        { name: "null", type: "character", mode: 0o666, deviceMajor: 1, deviceMinor: 3 },
        { name: "disk", type: "block", mode: 0o660, gid: 6, deviceMajor: 259, deviceMinor: 70_000 },
        { name: "pipe", type: "fifo", mode: 0o600 },
        { name: "file", text: "x" },
        hardlink("same", "file"),
        { ...symlink("dangling", "/no/where"), uid: 5 },
        hardlink("samelink", "dangling"),
      );
      expect(lstatSync(below("null"))).toMatchObject({ rdev: 0x103, mode: 0o020666 });
      expect(lstatSync(below("disk"), { bigint: true })).toMatchObject({ gid: 6n, mode: 0o060660n });
      expect(lstatSync(below("pipe")).isFIFO()).toBe(true);
      expect(lstatSync(below("same")).ino).toBe(lstatSync(below("file")).ino);
      expect(lstatSync(below("dangling")).uid).toBe(5);
      expect(lstatSync(below("samelink")).ino).toBe(lstatSync(below("dangling")).ino);
    });

    test("file capabilities and user attributes, but no directives to overlayfs and no labels of the host", async () => {
      const xattrs = new Map<string, Uint8Array>([
        ["security.capability", NET_RAW],
        ["user.bin", Buffer.from([0, 255])],
        ["user.overlay.redirect", Buffer.from("/etc")],
        ["trusted.overlay.redirect", Buffer.from("/etc")],
        ["trusted.overlay.opaque", Buffer.from("y")],
        ["trusted.other", Buffer.from("x")],
        ["security.selinux", Buffer.from("x")],
      ]);
      await unpack(
        { name: "ping", mode: 0o755, text: "x", xattrs },
        directory("d", { xattrs: new Map([...xattrs].slice(1)) }),
      );
      expect(listXattrs(below("ping")).toSorted()).toEqual(["security.capability", "user.bin"]);
      expect(getXattr(below("ping"), "security.capability")).toEqual(new Uint8Array(NET_RAW));
      expect(listXattrs(below("d"))).toEqual(["user.bin"]);
    });

    test("names that are no UTF-8", async () => {
      await unpack(directory("d\udce4"), { name: "d\udce4/f\udcff", text: "x" }, symlink("l", "d\udce4"));
      expect(
        readdirSync(root, { encoding: "buffer" })
          .map((name) => name.toString("hex"))
          .toSorted(),
      ).toEqual(["64e4", "6c"]);
      expect(readlinkSync(below("l"), { encoding: "buffer" }).toString("hex")).toBe("64e4");
    });

    test("holes of sparse files", async () => {
      const made = Bun.spawnSync([
        ...[
          "sh",
          "-c",
          'cd "$0" && truncate -s 64M sparse && printf end | dd of=sparse bs=1M seek=40 conv=notrunc status=none && tar --format=pax --sparse -cf - sparse',
        ],
        home,
      ]);
      const { sizeBytes } = await unpackBytes(made.stdout);
      expect(sizeBytes).toBeLessThan(1 << 20);
      expect(statSync(below("sparse")).size).toBe(64 << 20);
      expect(statSync(below("sparse")).blocks * 512).toBeLessThan(1 << 20);
      expect(readFileSync(below("sparse")).toString("latin1", 40 << 20, (40 << 20) + 4)).toBe("end\0");
    });

    test("the digest of the tar, compressed or not", async () => {
      const tar = archive({ name: "a", text: "x".repeat(5000) });
      for (const blob of [tar, gzipSync(tar), Bun.zstdCompressSync(tar)]) {
        rmSync(root, { recursive: true, force: true });
        expect(await unpackBytes(blob)).toMatchObject({
          diffId: sha256(tar),
          sizeBytes: 5000,
        });
      }
    });

    test("bytes after the end of the archive count for the diffID and nothing else", async () => {
      const tar = Buffer.concat([archive({ name: "a", text: "x" }), archive({ name: "hidden", text: "y" })]);
      expect((await unpackBytes(tar)).diffId).toBe(sha256(tar));
      expect(readdirSync(root)).toEqual(["a"]);
    });
  });

  describe("later entries win", () => {
    test("files, links and directories take each other's place", async () => {
      await unpack(
        directory("a"),
        { name: "a/deep/file", text: "1" },
        { name: "a", text: "file" },
        { name: "b", text: "file" },
        directory("b", { mode: 0o700 }),
        { name: "b/x", text: "2" },
        symlink("c", "b"),
        { name: "c", text: "no link" },
        { name: "d", text: "first" },
        hardlink("e", "d"),
        { name: "d", text: "second" },
      );
      expect(textOf("a")).toBe("file");
      expect(textOf("b/x")).toBe("2");
      expect(statSync(below("b")).mode & 0o777).toBe(0o700);
      expect(textOf("c")).toBe("no link");
      expect([textOf("d"), textOf("e")]).toEqual(["second", "first"]);
    });

    test("a directory said twice has the later attributes and keeps its files", async () => {
      await unpack(
        directory("d", { uid: 1 }),
        { name: "d/f", text: "x" },
        directory("d", { uid: 2, mode: 0o700 }),
      );
      expect(statSync(below("d"))).toMatchObject({ uid: 2, mode: 0o040700 });
      expect(textOf("d/f")).toBe("x");
    });

    test("a directory that is described after it was needed has its own attributes", async () => {
      const { implicitDirectories } = await unpack(
        symlink("link", "."),
        { name: "link/a/f", text: "x" },
        directory("a", { mode: 0o700, mtime: { seconds: 5, nanos: 0 } }),
      );
      expect(statSync(below("a"))).toMatchObject({ mode: 0o040700, mtimeMs: 5000 });
      expect(implicitDirectories).toEqual([""]);
    });
  });

  describe("links on the way", () => {
    test("a directory reached through a link inside the root is written to, as /var/run is", async () => {
      const result = await unpack(
        directory("run"),
        directory("var"),
        symlink("var/run", "/run"),
        { name: "var/run/app/pid", text: "1" },
        symlink("lib", "usr/lib"),
        directory("usr/lib"),
        { name: "lib/libc.so", text: "2" },
        symlink("up", "../../../run"),
        { name: "up/x", text: "3" },
      );
      expect([textOf("run/app/pid"), textOf("usr/lib/libc.so"), textOf("run/x")]).toEqual(["1", "2", "3"]);
      expect(result.implicitDirectories).toEqual(["", "run/app", "usr"]);
    });

    test("directories are found anew when a link has been turned elsewhere", async () => {
      await unpack(
        directory("one"),
        directory("two"),
        symlink("l", "one"),
        { name: "l/a", text: "1" },
        symlink("l", "two"),
        { name: "l/b", text: "2" },
      );
      expect([readdirSync(below("one")), readdirSync(below("two"))]).toEqual([["a"], ["b"]]);
    });
  });

  describe("overlay style", () => {
    test("deletions become whiteouts and opaque directories", async () => {
      await unpack(
        { name: "etc/.wh.gone" },
        directory("d"),
        { name: "d/.wh..wh..opq" },
        { name: "d/new", text: "x" },
        { name: ".wh..wh.aufs", text: "bookkeeping" },
      );
      expect(isWhiteout("etc/gone")).toBe(true);
      expect(isOpaque("d")).toBe(true);
      expect(readdirSync(root).toSorted()).toEqual(["d", "etc"]);
    });

    test.each([
      { title: "before", items: [{ name: ".wh.f" }, { name: "f", text: "new" }] },
      { title: "after", items: [{ name: "f", text: "new" }, { name: ".wh.f" }] },
    ])("a whiteout $title a file of the same name leaves the file", async ({ items }) => {
      await unpack(...items);
      expect(textOf("f")).toBe("new");
    });

    test.each([
      { title: "before", items: [{ name: ".wh.d" }, directory("d"), { name: "d/f", text: "new" }] },
      { title: "after", items: [directory("d"), { name: "d/f", text: "new" }, { name: ".wh.d" }] },
      { title: "before an implicit", items: [{ name: ".wh.d" }, { name: "d/f", text: "new" }] },
    ])("a whiteout $title directory of the same name makes it opaque", async ({ items }) => {
      await unpack(...items);
      expect(textOf("d/f")).toBe("new");
      expect(isOpaque("d")).toBe(true);
    });

    test("directories without an entry are listed", async () => {
      const { implicitDirectories } = await unpack(
        { name: "a/b/c/file", text: "" },
        directory("a/b"),
        { name: "x/y", text: "" },
        { name: "x2/y", text: "" },
      );
      expect(implicitDirectories).toEqual(["", "a", "a/b/c", "x", "x2"]);
    });
  });

  describe("delete style", () => {
    beforeEach(() => {
      mkdirSync(below("d/sub"), { recursive: true });
      for (const name of ["f", "d/one", "d/sub/two"]) writeFileSync(below(name), "of the parent");
    });
    const unpackInto = (...items: Item[]) => unpackBytes(archive(...items), "delete");

    test("whiteouts delete what the parent has", async () => {
      await unpackInto(
        { name: ".wh.f" },
        { name: ".wh.d" },
        { name: ".wh.not-there" },
        { name: "no/such/.wh.x" },
      );
      expect(readdirSync(root)).toEqual([]);
    });

    test("whiteouts and opaque marks leave what the layer itself has, in any order", async () => {
      await unpackInto(
        { name: "d/sub/new", text: "1" },
        { name: "d/.wh..wh..opq" },
        { name: "d/late", text: "2" },
        { name: "f", text: "3" },
        { name: ".wh.f" },
      );
      expect(readdirSync(root, { recursive: true }).toSorted()).toEqual([
        "d",
        "d/late",
        "d/sub",
        "d/sub/new",
        "f",
      ]);
      expect(textOf("f")).toBe("3");
    });

    test("a whiteout through a link deletes inside the root only", async () => {
      mkdirSync("/run/evil-out/keep", { recursive: true });
      await unpackInto(symlink("l", "/run"), directory("run/evil-out/keep"), { name: "l/evil-out/.wh.keep" });
      expect(existsSync("/run/evil-out/keep")).toBe(true);
    });

    test("writing to a file of the parent replaces it", async () => {
      linkSync(below("f"), join(home, "other name"));
      await unpackInto({ name: "f", text: "new" }, { name: "d", text: "now a file" });
      expect(textOf("f")).toBe("new");
      expect(readFileSync(join(home, "other name"), "utf8")).toBe("of the parent");
      expect(textOf("d")).toBe("now a file");
    });
  });
});

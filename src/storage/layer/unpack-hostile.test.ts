import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { sha256 } from "#base/digest.ts";
import { InvalidArgument } from "#base/errors.ts";
import { encodeTarHeader } from "#base/tar-write.ts";
import { hermetic } from "#kernel/_testing/hermetic.ts";
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

// Reference attacks 20 to 23. That harmless links inside the root still work is tested in unpack.test.ts.
hermetic(import.meta.path, () => {
  let home: string;
  let root: string;
  beforeEach(() => {
    home = temporaryDirectory();
    root = join(home, "diff");
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const below = (path: string) => join(root, path);

  function unpackBytes(
    bytes: Uint8Array,
    whiteouts: WhiteoutStyle = "overlay",
    bounds: Partial<LayerBounds> = {},
  ) {
    return unpackBlob({ ...layerIn(home, bytes), whiteouts, bounds: { ...DEFAULT_BOUNDS, ...bounds } });
  }
  const unpack = (...items: Item[]) => unpackBytes(archive(...items));
  const imageOf = (bytes: Uint8Array, bounds: Partial<LayerBounds> = {}) =>
    unpackBlob({
      ...layerIn(home, bytes),
      image: join(home, `image-${Math.random()}`),
      whiteouts: "overlay",
      bounds: { ...DEFAULT_BOUNDS, ...bounds },
    });

  describe("nothing leaves the root", () => {
    const OUT = "evil-out";
    beforeEach(() => mkdirSync(`/run/${OUT}`, { recursive: true }));
    afterEach(() => {
      expect(readdirSync(`/run/${OUT}`)).toEqual([]);
    });

    const contained: { title: string; items: Item[]; inside: string }[] = [
      { title: "an absolute name", items: [{ name: `/run/${OUT}/p`, text: "x" }], inside: `run/${OUT}/p` },
      {
        title: "an absolute link as parent",
        items: [symlink("abs", `/run/${OUT}`), directory(`run/${OUT}`), { name: "abs/p", text: "x" }],
        inside: `run/${OUT}/p`,
      },
      {
        title: "a climbing link as parent",
        items: [
          symlink("rel", `../../../../run/${OUT}`),
          directory(`run/${OUT}`),
          { name: "rel/p", text: "x" },
        ],
        inside: `run/${OUT}/p`,
      },
      {
        title: "a file through a link in its own place",
        items: [symlink("tgt", `/run/${OUT}/p`), { name: "tgt", text: "x" }],
        inside: "tgt",
      },
      {
        title: "a directory replaced by a link",
        items: [
          { name: "dir/a", text: "1" },
          symlink("dir", `/run/${OUT}`),
          directory(`run/${OUT}`),
          { name: "dir/p", text: "x" },
        ],
        inside: `run/${OUT}/p`,
      },
      {
        title: "a device and its owner through a link",
        items: [
          symlink("l", `/run/${OUT}`),
          { name: "l", type: "character", mode: 0o666, deviceMajor: 1, deviceMinor: 3 },
        ],
        inside: "l",
      },
    ];
    test.each(contained)("$title stays inside", async ({ items, inside }) => {
      await unpack(...items);
      expect(existsSync(below(inside))).toBe(true);
    });

    const refused: { title: string; items: Item[]; reason: string }[] = [
      {
        title: "..",
        items: [{ name: `../../../../run/${OUT}/p`, text: "x" }],
        reason: `layer entry "../../../../run/${OUT}/p": name leaves the layer: ".." is not allowed`,
      },
      {
        title: "a link through /proc",
        items: [symlink("p", "/proc/self/root"), { name: `p/run/${OUT}/p`, text: "x" }],
        reason: "is not a directory",
      },
      {
        title: "an absolute link to a directory that is only outside",
        items: [symlink("abs", `/run/${OUT}`), { name: "abs/p", text: "x" }],
        reason: '"abs" is not a directory',
      },
      {
        title: "a hard link to a file of the host",
        items: [hardlink("hl", "/etc/passwd")],
        reason: 'layer entry "hl": hard link to "etc/passwd", which is not in the layer',
      },
      {
        title: "a hard link that climbs",
        items: [hardlink("hl", "../../../../etc/shadow")],
        reason: "link target leaves the layer",
      },
      {
        title: "a hard link through a link to the host",
        items: [symlink("e", "/etc"), hardlink("hl", "e/passwd")],
        reason: "which is not in the layer",
      },
      {
        title: "a hard link to a directory",
        items: [directory("d"), hardlink("hl", "d")],
        reason: "which is a directory",
      },
      {
        title: "links in a ring",
        items: [symlink("a", "b"), symlink("b", "a"), { name: "a/p" }],
        reason: "a/p",
      },
      {
        title: "a file as parent",
        items: [{ name: "f" }, { name: "f/p" }],
        reason: '"f" is not a directory',
      },
      { title: "a name too long for Linux", items: [{ name: "n".repeat(300) }], reason: "ENAMETOOLONG" },
    ];
    test.each(refused)("$title is refused, naming the entry", async ({ items, reason }) => {
      const error = await unpack(...items).catch((thrown) => thrown);
      expect(error).toBeInstanceOf(InvalidArgument);
      expect(error.message).toContain(reason);
      expect(error.message).toStartWith("layer entry ");
    });
  });

  describe("damage and bombs", () => {
    const tar = archive({ name: "a", text: "x".repeat(3000) }, { name: "b", text: "y" });
    /** Announces a file that is longer than what a test writes down. */
    const bombHead = (sizeBytes: number) =>
      encodeTarHeader({ name: "zeros", type: "file", mode: 0o644, sizeBytes });
    const cases: { title: string; bytes: Uint8Array; bounds?: Partial<LayerBounds>; reason: string }[] = [
      {
        title: "a cut gzip",
        bytes: gzipSync(tar).subarray(0, -9),
        reason: "damaged gzip stream: unexpected end of file",
      },
      {
        title: "a cut tar",
        bytes: tar.subarray(0, 1500),
        reason: 'tar: entry 1 "a": archive ends after 988 of 3000 bytes',
      },
      { title: "no tar at all", bytes: Buffer.from("<html>".repeat(200)), reason: "this is no tar archive" },
      {
        title: "xz",
        bytes: Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0),
        reason: "xz compressed archives are not supported",
      },
      {
        title: "too many bytes",
        bytes: tar,
        bounds: { maxBytes: 2000 },
        reason: "layer is too large: more than 2000 bytes",
      },
      {
        title: "too much out of too little",
        bytes: gzipSync(Buffer.alloc(3 << 20)),
        bounds: { ratioFreeBytes: 0, maxRatio: 100 },
        reason: "layer is too large: ",
      },
      {
        title: "a gzip bomb",
        bytes: gzipSync(Buffer.concat([bombHead(64 << 20), Buffer.alloc(64 << 20)])),
        bounds: { maxBytes: 1 << 20 },
        reason: 'layer entry "zeros": layer is too large: a file of 67108864 bytes',
      },
      {
        title: "a zstd bomb whose header lies",
        bytes: Bun.zstdCompressSync(Buffer.concat([bombHead(512), Buffer.alloc(64 << 20)])),
        bounds: { maxBytes: 4 << 20 },
        reason: "layer is too large: more than 4194304 bytes",
      },
      {
        title: "a huge PAX header",
        bytes: archive({ name: "p".repeat(2 << 20) }),
        reason: "extended header of 2097",
      },
      {
        title: "too many files",
        bytes: tar,
        bounds: { maxEntries: 1 },
        reason: "layer is too large: more than 1 files",
      },
      {
        title: "too many directories nobody described",
        bytes: archive({ name: `${"d/".repeat(50)}f` }),
        bounds: { maxImplicitDirectories: 20 },
        reason: "more than 20 directories without an entry",
      },
    ];
    test.each(cases)("$title is refused, as files and as an image", async ({ bytes, bounds, reason }) => {
      const asFiles = await unpackBytes(bytes, "overlay", bounds).catch((thrown) => thrown);
      expect(asFiles.message).toContain(reason);
      const asImage = await imageOf(bytes, bounds).catch((thrown) => thrown);
      expect(asImage.message).toContain(reason);
    });

    test("a large file of zeros is no bomb, and entries may come twice", async () => {
      const sizeBytes = 16 << 20;
      const zeros = gzipSync(
        Buffer.concat([
          bombHead(sizeBytes),
          Buffer.alloc(sizeBytes),
          archive({ name: "a", text: "1" }, { name: "a", text: "22" }),
        ]),
      );
      expect((await unpackBytes(zeros)).sizeBytes).toBe(sizeBytes + 3);
      expect(readFileSync(join(root, "a"), "utf8")).toBe("22");
      expect((await imageOf(zeros)).sizeBytes).toBe(sizeBytes + 3);
    });

    test("another diffID than the expected one is refused", async () => {
      const request = { ...layerIn(home, tar), whiteouts: "overlay" as const, bounds: DEFAULT_BOUNDS };
      const expectedDiffId = sha256("other");
      expect(unpackBlob({ ...request, expectedDiffId })).rejects.toThrow(
        `its diffID is ${sha256(tar)} instead of ${expectedDiffId}`,
      );
    });

    test("a full disk is the host's trouble and says so", async () => {
      mkdirSync(root);
      Bun.spawnSync(["mount", "-t", "tmpfs", "-o", "size=1M", "tmpfs", root]);
      const error = await unpack({ name: "big", text: "x".repeat(2 << 20) }).catch((thrown) => thrown);
      Bun.spawnSync(["umount", root]);
      expect(error.name).toBe("Internal");
      expect(error.message).toContain('layer entry "big": write');
      expect(error.hint).toContain("free disk space");
    });
  });
});

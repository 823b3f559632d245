import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { hermetic } from "#kernel/_testing/hermetic.ts";
import {
  archive,
  directory,
  hardlink,
  type Item,
  symlink,
  temporaryDirectory,
} from "../_testing/archives.ts";
import { checkArchive, corpus } from "../_testing/fuzz-layers.ts";
import { mutated, oddArchive, seeded } from "../_testing/odd-archives.ts";
import { unpackBothWays } from "../_testing/same-layer.ts";

hermetic(import.meta.path, () => {
  let home: string;
  beforeEach(() => {
    home = temporaryDirectory();
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const acl = Buffer.from(
    "0200000001000700ffffffff02000600e803000004000500ffffffff10000600ffffffff20000000ffffffff",
    "hex",
  );
  const capability = Buffer.from("0100000200040000000000000000000000000000", "hex");

  describe("a layer as an image is the layer as files", () => {
    const cases: { title: string; items: Item[]; holds: readonly string[] }[] = [
      { title: "an empty archive", items: [], holds: [""] },
      {
        title: "files of every kind, large identities and exact times",
        items: [
          directory("d", { mode: 0o1777, uid: 70_000, gid: 4_294_967_294 }),
          { name: "d/f", text: "hello", mode: 0o4755, mtime: { seconds: -7, nanos: 999_999_999 } },
          { name: "empty" },
          symlink("s", "d/f"),
          symlink("long", "t/".repeat(700)),
          { name: "tty", type: "character", mode: 0o620, deviceMajor: 5, deviceMinor: 300 },
          { name: "disk", type: "block", mode: 0o660, deviceMajor: 8, deviceMinor: 1 },
          { name: "fifo", type: "fifo", mode: 0o600 },
        ],
        holds: ["", "d", "d/f", "disk", "empty", "fifo", "long", "s", "tty"],
      },
      {
        title: "hard links, also to links and devices",
        items: [
          { name: "a", text: "1" },
          hardlink("b", "a"),
          hardlink("d/c", "./b"),
          symlink("s", "a"),
          hardlink("s2", "s"),
        ],
        holds: ["", "a", "b", "d", "d/c", "s", "s2"],
      },
      {
        title: "attributes: capabilities, access lists, what users set",
        items: [
          {
            name: "f",
            mode: 0o760,
            xattrs: new Map([
              ["security.capability", capability],
              ["system.posix_acl_access", acl],
              ["user.note", Buffer.alloc(3000, "n")],
            ]),
          },
          directory("d", { xattrs: new Map([["system.posix_acl_default", acl]]) }),
        ],
        holds: ["", "d", "f"],
      },
      {
        title: "deletions and directories that hide what is below",
        items: [
          { name: ".wh.gone" },
          { name: "d/.wh..wh..opq" },
          { name: "d/new", text: "x" },
          { name: "e/.wh.f" },
          directory("e/f"),
          { name: ".wh..wh.plnk/1" },
        ],
        holds: ["", "d", "d/new", "e", "e/f", "gone"],
      },
      {
        title: "entries that replace each other",
        items: [
          directory("a"),
          { name: "a/x" },
          { name: "a", text: "file" },
          { name: "b" },
          directory("b"),
          { name: "c", text: "1" },
          { name: "c", text: "22" },
        ],
        holds: ["", "a", "b", "c"],
      },
      {
        title: "parents that are links, and links that go round below the root",
        items: [
          directory("real"),
          symlink("way", "/real"),
          { name: "way/f", text: "x" },
          symlink("up", "../../../real"),
          { name: "up/g", text: "y" },
        ],
        holds: ["", "real", "real/f", "real/g", "up", "way"],
      },
      {
        title: "very many names in one directory, and long ones",
        items: Array.from({ length: 600 }, (_, i) => ({ name: `d/${"n".repeat(i % 251)}${i}` })),
        holds: ["", "d", ...Array.from({ length: 600 }, (_, i) => `d/${"n".repeat(i % 251)}${i}`).sort()],
      },
    ];
    test.each(cases)("$title", async ({ items, holds }) => {
      const outcome = await unpackBothWays(home, archive(...items));
      expect("files" in outcome ? [...outcome.files.keys()].sort() : outcome.refused).toEqual([...holds]);
    });

    test("sparse files of all formats keep their holes", async () => {
      const sizeBytes = 40 << 20;
      for (const format of ["gnu", "posix --sparse-version=1.0", "posix --sparse-version=0.1"]) {
        const script = `cd ${home}; truncate -s ${sizeBytes} s; printf begin | dd of=s conv=notrunc status=none
          printf middle | dd of=s bs=1 seek=${(20 << 20) + 100} conv=notrunc status=none; tar -cSf - --format=${format} s`;
        const { stdout } = Bun.spawnSync(["sh", "-c", script]);
        const outcome = await unpackBothWays(home, stdout);
        if (!("files" in outcome)) throw new Error(outcome.refused);
        const content = Buffer.from(outcome.files.get("s")!.content, "base64");
        expect(content.byteLength).toBe(sizeBytes);
        expect(content.toString("latin1", (20 << 20) + 100, (20 << 20) + 106)).toBe("middle");
        rmSync(`${home}/s`);
      }
    });
  });

  describe("what unpacking refuses, the image refuses as well", () => {
    const cases: { title: string; items: Item[]; reason: string }[] = [
      { title: "..", items: [{ name: "../x" }], reason: '".." is not allowed' },
      {
        title: "a hard link out of the root",
        items: [hardlink("l", "../../etc/passwd")],
        reason: "leaves the layer",
      },
      {
        title: "a hard link to what is not there",
        items: [hardlink("l", "etc/passwd")],
        reason: "not in the layer",
      },
      {
        title: "a link to the host as parent",
        items: [symlink("p", "/proc/self/root"), { name: "p/etc/x" }],
        reason: "is not a directory",
      },
      {
        title: "links in a ring",
        items: [symlink("a", "b"), symlink("b", "a"), { name: "a/x" }],
        reason: "a/x",
      },
      {
        title: "a file as parent",
        items: [{ name: "f" }, { name: "f/x" }],
        reason: '"f" is not a directory',
      },
      { title: "a name too long for Linux", items: [{ name: "n".repeat(300) }], reason: "ENAMETOOLONG" },
      { title: "a link to nothing", items: [symlink("l", "")], reason: "ENOENT" },
      {
        title: "a capability that is none",
        items: [{ name: "f", xattrs: new Map([["security.capability", Buffer.from("x")]]) }],
        reason: "EINVAL",
      },
    ];
    test.each(cases)("$title", async ({ items, reason }) => {
      const outcome = await unpackBothWays(home, archive(...items));
      expect("refused" in outcome ? outcome.refused : "taken").toContain(reason);
    });
  });

  test("archives that once made a difference are treated alike", async () => {
    for (const bytes of corpus()) await checkArchive(home, bytes);
  });

  test("archives made by chance, whole and damaged, are treated alike", async () => {
    const random = seeded(20_261_121);
    for (let i = 0; i < 60; i++) {
      const bytes = oddArchive(random);
      await checkArchive(home, i % 2 === 0 ? bytes : mutated(bytes, random));
    }
  });
});

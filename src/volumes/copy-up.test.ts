import { describe, expect, test } from "bun:test";
import {
  chmodSync,
  chownSync,
  linkSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { hermetic } from "#kernel/_testing/hermetic.ts";
import { createFiles } from "#kernel/files/files.ts";
import { copyTree } from "#storage/layer/copy-tree.ts";
import { copyUp } from "./copy-up.ts";

hermetic(import.meta.path, () => {
  describe("copyUp()", () => {
    let count = 0;
    /** A container's root beside a file that is none of its business, and an empty volume. */
    function setUp() {
      const base = `/run/copy-up-${++count}`;
      const [root, directory] = [`${base}/root`, `${base}/volume`];
      for (const path of [`${root}/data`, `${root}/srv`, `${base}/secret`, directory])
        mkdirSync(path, { recursive: true });
      writeFileSync(`${base}/secret/key`, "host");
      const files = createFiles();
      return {
        base,
        root,
        directory,
        copy: (path: string) => copyUp({ files, copyTree }, { root, path, directory }),
      };
    }

    test("brings files, owners, modes, links, hard links and attributes", async () => {
      const { root, directory, copy } = setUp();
      writeFileSync(`${root}/data/file`, "text");
      linkSync(`${root}/data/file`, `${root}/data/same`);
      symlinkSync("/etc/passwd", `${root}/data/link`);
      createFiles().setXattr(`${root}/data/file`, "user.note", Buffer.from("x"));
      chownSync(`${root}/data`, 70, 71);
      chmodSync(`${root}/data`, 0o2750);
      await copy("/data");
      expect(readFileSync(`${directory}/file`, "utf8")).toBe("text");
      expect(lstatSync(`${directory}/same`).ino).toBe(lstatSync(`${directory}/file`).ino);
      expect(lstatSync(`${directory}/link`).isSymbolicLink()).toBe(true);
      expect(createFiles().listXattrs(`${directory}/file`)).toEqual(["user.note"]);
      const { uid, gid, mode } = lstatSync(directory);
      expect([uid, gid, mode & 0o7777]).toEqual([70, 71, 0o2750]);
    });

    test("takes the owner of an empty directory too", async () => {
      const { root, directory, copy } = setUp();
      chownSync(`${root}/data`, 70, 71);
      await copy("/data");
      expect(lstatSync(directory).uid).toBe(70);
    });

    test("leaves a volume alone that has something", async () => {
      const { root, directory, copy } = setUp();
      writeFileSync(`${root}/data/file`, "image");
      writeFileSync(`${directory}/mine`, "user");
      await copy("/data");
      expect(readdirSync(directory)).toEqual(["mine"]);
    });

    test("leaves the volume empty where the image has nothing or a file", async () => {
      const { root, directory, copy } = setUp();
      writeFileSync(`${root}/data/file`, "image");
      await copy("/nowhere");
      await copy("/data/file");
      expect(readdirSync(directory)).toEqual([]);
    });

    for (const target of ["../../../secret", "/../../secret", "ABSOLUTE", "/proc/self/root"])
      test(`finds nothing of the host behind a link to ${target}`, async () => {
        const { base, root, directory, copy } = setUp();
        symlinkSync(target === "ABSOLUTE" ? `${base}/secret` : target, `${root}/srv/link`);
        await copy("/srv/link");
        expect(readdirSync(directory)).toEqual([]);
      });

    test("follows links within the image", async () => {
      const { root, directory, copy } = setUp();
      writeFileSync(`${root}/data/file`, "text");
      symlinkSync("/data", `${root}/srv/link`);
      await copy("/srv/link");
      expect(readdirSync(directory)).toEqual(["file"]);
    });
  });
});

import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hermetic } from "#kernel/_testing/hermetic.ts";
import { createSubvolume } from "#kernel/files/btrfs.ts";
import { createKernel } from "#kernel/linux.ts";
import { testSnapshotter } from "../../../test/suites/snapshotter.ts";
import { storageOpener } from "../_testing/driver-storage.ts";
import { temporaryFileSystem } from "../_testing/file-systems.ts";

hermetic(import.meta.path, () => {
  const base = temporaryFileSystem("btrfs");
  describe.skipIf(!base)("on btrfs (needs mkfs.btrfs and loop devices)", () => {
    const kernel = createKernel();
    const open = storageOpener("btrfs", kernel);
    testSnapshotter("btrfs", kernel, open, base);

    test("btrfs removes a container that made subvolumes of its own", async () => {
      const home = mkdtempSync(join(base!, "nested-"));
      const storage = open(join(home, "data"));
      await storage.snapshotter.createWritable("one", undefined);
      const root = storage.snapshotter.rootMount("one").source!;
      mkdirSync(join(root, "deep"));
      createSubvolume(join(root, "deep"), "own");
      writeFileSync(join(root, "deep/own/file"), "x");
      await storage.snapshotter.removeWritable("one");
      await storage.close();
      expect(existsSync(root)).toBe(false);
      rmSync(home, { recursive: true });
    });
  });
});

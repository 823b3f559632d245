import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { hermetic } from "#kernel/_testing/hermetic.ts";
import { createKernel } from "#kernel/linux.ts";
import { testSnapshotter } from "../../../test/suites/snapshotter.ts";
import { storageOpener } from "../_testing/driver-storage.ts";
import { temporaryFileSystem } from "../_testing/file-systems.ts";
import { copyTree } from "../layer/copy-tree.ts";

hermetic(import.meta.path, () => {
  const kernel = createKernel();
  testSnapshotter("vfs", kernel, storageOpener("vfs", kernel));

  describe.each(["btrfs", "xfs"] as const)("on %s", (kind) => {
    const base = temporaryFileSystem(kind);
    test.skipIf(!base)(
      "a copy shares the blocks of what it was made from (needs mkfs and loop devices)",
      () => {
        const home = mkdtempSync(join(base!, "share-"));
        for (const name of ["from", "to"]) mkdirSync(join(home, name));
        const sizeBytes = 24 << 20;
        writeFileSync(join(home, "from/file"), Buffer.alloc(sizeBytes, Math.random().toString()));
        const free = () => {
          Bun.spawnSync(["sync", "-f", home]);
          const { bfree, bsize } = statfsSync(home);
          return bfree * bsize;
        };
        const before = free();
        copyTree(join(home, "from"), join(home, "to"));
        expect(before - free()).toBeLessThan(sizeBytes / 4);
        rmSync(home, { recursive: true });
      },
    );
  });
});

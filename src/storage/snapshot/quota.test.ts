import { describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync } from "node:fs";
import { join } from "node:path";
import { hermetic } from "#kernel/_testing/hermetic.ts";
import { createKernel } from "#kernel/linux.ts";
import { storageOpener } from "../_testing/driver-storage.ts";
import { temporaryFileSystem } from "../_testing/file-systems.ts";
import { NO_QUOTA, projectOf } from "./quota.ts";

const MEBIBYTE = 1 << 20;
const SIZE = ["bs=1M", "count=8", "conv=fsync"];
/** On ext4 quotas do not bind who may exceed resources, and containers may not. */
const LIKE_A_CONTAINER = ["setpriv", "--bounding-set", "-sys_resource"];
const PROJECTS = ["-O", "quota,project", "-E", "quotatype=prjquota"];

test("projectOf() gives directories of two data roots different projects, none of the administrator's", () => {
  const projects = ["/a/1", "/a/2"].flatMap((home) => [projectOf(home, 2), projectOf(home, 3)]);
  expect(new Set(projects).size).toBe(4);
  expect(projects.every((project) => project > 1 << 20 && project < 2 ** 32)).toBe(true);
  expect(projectOf("/a/7", 3999)).toBeLessThan(2 ** 32);
});

hermetic(import.meta.path, () => {
  const kinds = [
    { driver: "overlay2", kind: "ext4", options: { make: PROJECTS, mount: "prjquota" } },
    { driver: "overlay2", kind: "xfs", options: { mount: "prjquota" } },
    { driver: "btrfs", kind: "btrfs", options: {} },
  ] as const;

  for (const { driver, kind, options } of kinds) {
    const base = temporaryFileSystem(kind, options);
    describe.skipIf(!base)(`${driver} on ${kind} with quotas (needs mkfs.${kind} and the kernel's)`, () => {
      test("a container gets no more than it was given, and its neighbour is not bounded", async () => {
        const storage = storageOpener(driver, createKernel())(join(mkdtempSync(join(base!, "q-")), "data"));
        const { snapshotter } = storage;
        expect(snapshotter.quotaTrouble).toBeUndefined();
        await snapshotter.createWritable("bounded", undefined, { sizeBytes: 4 * MEBIBYTE });
        await snapshotter.createWritable("free", undefined);
        const fill = (id: string) => {
          const directory = join(snapshotter.writableFiles(id), "deep");
          mkdirSync(directory);
          return Bun.spawnSync([...LIKE_A_CONTAINER, "dd", "if=/dev/zero", `of=${directory}/file`, ...SIZE]);
        };
        const { exitCode, stderr } = fill("bounded");
        expect(exitCode).toBe(1);
        expect(stderr.toString()).toMatch(/quota exceeded|No space left/i);
        expect(fill("free").exitCode).toBe(0);
        await snapshotter.removeWritable("bounded");
        await snapshotter.removeWritable("free");
        await storage.close();
      });
    });
  }

  const plain = temporaryFileSystem("ext4");
  test.skipIf(!plain)(
    "without quotas a bound is refused, and nothing is made (needs mkfs.ext4)",
    async () => {
      const storage = storageOpener("overlay2", createKernel())(join(plain!, "data"));
      expect(storage.snapshotter.quotaTrouble).toBe(NO_QUOTA);
      await expect(
        storage.snapshotter.createWritable("one", undefined, { sizeBytes: MEBIBYTE }),
      ).rejects.toThrow(NO_QUOTA);
      expect(storage.snapshotter.writables()).toEqual([]);
      await storage.close();
    },
  );
});

import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { hermetic } from "#kernel/_testing/hermetic.ts";
import { createKernel } from "#kernel/linux.ts";
import { testSnapshotter } from "../../../test/suites/snapshotter.ts";
import { storageOpener } from "../_testing/driver-storage.ts";
import { createFuseOverlayDriver } from "./fuse-overlay.ts";

test("a data root whose path fuse-overlayfs cannot be told is refused", () => {
  expect(() => createFuseOverlayDriver("/data:root", createKernel().files)).toThrow(
    "cannot work below /data:root",
  );
});

hermetic(import.meta.path, () => {
  const isThere = Bun.which("fuse-overlayfs") !== null && existsSync("/dev/fuse");
  describe.skipIf(!isThere)("with the package fuse-overlayfs", () => {
    const kernel = createKernel();
    testSnapshotter("fuse-overlayfs", kernel, storageOpener("fuse-overlayfs", kernel));
  });
});

import { describe, test } from "bun:test";
import { hermetic } from "#kernel/_testing/hermetic.ts";
import { createKernel } from "#kernel/linux.ts";
import { testSnapshotter } from "../../../test/suites/snapshotter.ts";
import { storageOpener } from "../_testing/driver-storage.ts";
import { temporaryFileSystem } from "../_testing/file-systems.ts";

hermetic(import.meta.path, () => {
  const kernel = createKernel();
  // tmpfs cannot be read the way EROFS reads the file below it
  const base = temporaryFileSystem("ext4");
  if (base) testSnapshotter("erofs", kernel, storageOpener("erofs", kernel), base);
  else describe("erofs", () => test.skip("needs mkfs.ext4 and loop devices", () => {}));
});

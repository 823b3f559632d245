import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { bindRoot, FILES, type SnapshotDriver } from "./driver.ts";

/**
 * Plain copies: every layer holds all files of the layers below it, every container a copy of its image. Slow and large,
 * but works on every file system, and shares blocks where it can (btrfs, xfs).
 * @param copyTree copies the files of a directory into an empty one, away from this thread
 */
export function createVfsDriver(copyTree: (from: string, to: string) => Promise<unknown>): SnapshotDriver {
  const fill = async (home: string, lower: readonly string[]) => {
    const files = join(home, FILES);
    mkdirSync(files, { mode: 0o755 });
    if (lower[0] !== undefined) await copyTree(lower[0], files);
  };
  return {
    name: "vfs",
    status: [],
    whiteouts: "delete",
    independentLayers: false,
    prepare: fill,
    complete: async () => ({ opaque: false }),
    createWritable: fill,
    rootMount: (home) => bindRoot(join(home, FILES)),
    data: () => ({}),
  };
}

import { lstatSync } from "node:fs";
import { join } from "node:path";
import { isErrno } from "#base/fs.ts";
import { createSnapshot, createSubvolume, destroySubvolume } from "#kernel/files/btrfs.ts";
import { bindRoot, FILES, type SnapshotDriver } from "./driver.ts";
import { SUBVOLUME_QUOTA } from "./quota.ts";

/** The root of every subvolume has this inode number, and nothing else has it. */
const SUBVOLUME_INODE = 256;

/** Btrfs: every layer and every container is a subvolume that shares its parent's files until it changes them. */
export function createBtrfsDriver(): SnapshotDriver {
  const fill = async (home: string, lower: readonly string[]) => {
    if (lower[0] === undefined) createSubvolume(home, FILES);
    else createSnapshot(lower[0], home, FILES);
  };
  return {
    name: "btrfs",
    status: [["Backing Filesystem", "btrfs"]],
    whiteouts: "delete",
    independentLayers: false,
    quota: SUBVOLUME_QUOTA,
    prepare: fill,
    // left writable: with read-only subvolumes "rm -r" of a data root would fail
    complete: async () => ({ opaque: false }),
    createWritable: fill,
    rootMount: (home) => bindRoot(join(home, FILES)),
    data: () => ({}),
    dismantle: destroyFiles,
  };
}

function destroyFiles(home: string): void {
  const stat = lstatSync(join(home, FILES), { throwIfNoEntry: false });
  if (stat?.ino !== SUBVOLUME_INODE) return;
  try {
    destroySubvolume(home, FILES);
  } catch (error) {
    // a container made subvolumes in its own: these go one by one, as directories do
    if (!isErrno(error, "ENOTEMPTY")) throw error;
  }
}

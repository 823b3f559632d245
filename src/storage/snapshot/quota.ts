/** Bounds on containers' directories, as the file system below them can keep them. */
import { basename, join } from "node:path";
import { limitSubvolume } from "#kernel/files/btrfs.ts";
import { hasProjectQuotas, limitProject } from "#kernel/files/project-quota.ts";
import { type DirectoryQuota, FILES } from "./driver.ts";

/** Docker's words, whatever is missing. */
export const NO_QUOTA = "--storage-opt is supported only for overlay over xfs with 'pquota' mount option";

/** Ids below belong to whoever administers the host. */
const FIRST_PROJECT = 1 << 20;
/** Data roots on one file system must not meet: each has a range of its own, chosen by its inode. */
const RANGES = 4000;
const PROJECTS_PER_RANGE = 1 << 20;

/**
 * By project quotas: the numbered directory is a project, and what is made in it belongs to it.
 * @param rootInode of the directory that holds the numbered ones
 */
export function projectQuota(root: string, rootInode: number): DirectoryQuota {
  let has: boolean | undefined;
  return {
    trouble: () => {
      has ??= hasProjectQuotas(root);
      return has ? undefined : NO_QUOTA;
    },
    before: (home, sizeBytes) => limitProject(home, projectOf(home, rootInode), sizeBytes),
  };
}

/** Pure. @param home ends with the directory's number */
export function projectOf(home: string, rootInode: number): number {
  const range = FIRST_PROJECT + (rootInode % RANGES) * PROJECTS_PER_RANGE;
  return range + (Number(basename(home)) % PROJECTS_PER_RANGE);
}

/** By btrfs' own groups: what the image brings counts, as with Docker. */
export const SUBVOLUME_QUOTA: DirectoryQuota = {
  trouble: () => undefined,
  after: (home, sizeBytes) => limitSubvolume(join(home, FILES), sizeBytes),
};

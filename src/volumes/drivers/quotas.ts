import { statSync } from "node:fs";
import { hasProjectQuotas, limitProject } from "#kernel/files/project-quota.ts";
import type { Quotas } from "./local.ts";

/** Ids below belong to whoever administers the host. */
const FIRST_PROJECT = 1 << 20;
/** Data roots on one file system must not meet: each has a range of its own, chosen by its inode. */
const RANGES = 4000;
const PROJECTS_PER_RANGE = 1 << 20;
/** The lower half of each range is for containers' directories, which have small numbers. */
const VOLUMES_FROM = PROJECTS_PER_RANGE / 2;

/**
 * By the project quotas of ext4 and xfs.
 * @param directory of all volumes
 * @param used projects of the volumes that are there
 */
export function projectQuotas(directory: string, used: () => readonly number[]): Quotas {
  let last = 0;
  return {
    isKept: hasProjectQuotas,
    newProject() {
      const range = FIRST_PROJECT + (statSync(directory).ino % RANGES) * PROJECTS_PER_RANGE;
      last = Math.max(last, range + VOLUMES_FROM, ...used()) + 1;
      return last;
    },
    limit: limitProject,
  };
}

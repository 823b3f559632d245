import { readSmallFile } from "../files/small.ts";
import type { MountEntry } from "../types.ts";
import { type CgroupLayout, findLayout } from "./layout.ts";

/** The control groups of this host. */
export function detectLayout(mounts: readonly MountEntry[]): CgroupLayout {
  return findLayout(mounts, (root) => {
    const controllers = readSmallFile(`${root}/cgroup.controllers`) ?? "";
    return controllers.split(/\s+/).filter(Boolean);
  });
}

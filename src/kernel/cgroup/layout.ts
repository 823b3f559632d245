import type { KernelFeatures, MountEntry } from "../types.ts";

/** One mounted tree of groups. */
export interface Hierarchy {
  readonly version: 1 | 2;
  /** Where it is mounted. */
  readonly root: string;
  /** Empty for a named v1 hierarchy and for the cgroup2 tree of a hybrid host. */
  readonly controllers: readonly string[];
}

export interface CgroupLayout {
  readonly mode: KernelFeatures["cgroup"];
  readonly hierarchies: readonly Hierarchy[];
  /** The one that is asked which groups and processes there are. */
  readonly primary: Hierarchy;
}

const V1_CONTROLLERS = new Set(
  "blkio cpu cpuacct cpuset devices freezer hugetlb memory misc net_cls net_prio perf_event pids rdma".split(
    " ",
  ),
);
/** In v1 every group of ours is in each of these: pausing and stopping it needs its processes there. */
const PRIMARY_CONTROLLERS = ["freezer", "pids", "memory"];

/**
 * Finds the hierarchies among the mounts.
 * @param unifiedControllers cgroup.controllers of a cgroup2 mount's root
 * @throws Error when no control groups are mounted
 */
export function findLayout(
  mounts: readonly MountEntry[],
  unifiedControllers: (root: string) => readonly string[],
): CgroupLayout {
  // Other places may show the same trees again, a container's or a tool's.
  const inPlace = mounts.filter(({ target }) => target === ROOT || target.startsWith(`${ROOT}/`));
  const v1 = inPlace.filter(({ fsType }) => fsType === "cgroup").map(v1Hierarchy);
  const v2 = inPlace
    .filter(({ fsType }) => fsType === "cgroup2")
    .map(({ target }): Hierarchy => ({ version: 2, root: target, controllers: unifiedControllers(target) }));
  const hierarchies = [...v1, ...v2];
  const primary =
    PRIMARY_CONTROLLERS.map((name) => v1.find(({ controllers }) => controllers.includes(name))).find(
      Boolean,
    ) ?? hierarchies[0];
  if (!primary) throw new Error(`no control groups are mounted below ${ROOT}`);
  return { mode: v1.length === 0 ? "v2" : v2.length === 0 ? "v1" : "hybrid", hierarchies, primary };
}

const ROOT = "/sys/fs/cgroup";

function v1Hierarchy({ target, superOptions }: MountEntry): Hierarchy {
  return {
    version: 1,
    root: target,
    controllers: superOptions.filter((option) => V1_CONTROLLERS.has(option)),
  };
}

/** The directory of a group's file: `memory.stat` is in memory's hierarchy. Undefined where no hierarchy has it. */
export function hierarchyOf(layout: CgroupLayout, file: string): Hierarchy | undefined {
  if (layout.mode === "v2") return layout.primary;
  const controller = file.slice(0, file.indexOf("."));
  return layout.hierarchies.find(({ controllers }) => controllers.includes(controller));
}

/** Group paths are absolute below the hierarchies' roots; anything else could reach files that are none of a group. */
export function checkGroupPath(path: string): void {
  if (!/^(\/[^/\0]+)+$/.test(path) || /\/\.\.?(\/|$)/.test(path))
    throw new Error(`not a control group path: ${path}`);
}

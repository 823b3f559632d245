import type { LimitKind, NamedLimitKind } from "../types.ts";
import { HUGE_PAGE_SIZES, hugePageFile } from "./huge-pages.ts";

/**
 * Any of these files in a group means that the kernel can do it there. v1's files of the BFQ scheduler do not count: they
 * are there whatever scheduler the devices have, and crun does not write them.
 */
const FILES: Readonly<
  Record<NamedLimitKind, { readonly 1: readonly string[]; readonly 2: readonly string[] }>
> = {
  memory: { 1: ["memory.limit_in_bytes"], 2: ["memory.max"] },
  swap: { 1: ["memory.memsw.limit_in_bytes"], 2: ["memory.swap.max"] },
  reservation: { 1: ["memory.soft_limit_in_bytes"], 2: ["memory.low"] },
  swappiness: { 1: ["memory.swappiness"], 2: [] },
  oomKillDisable: { 1: ["memory.oom_control"], 2: [] },
  cpuShares: { 1: ["cpu.shares"], 2: ["cpu.weight"] },
  cpuQuota: { 1: ["cpu.cfs_quota_us"], 2: ["cpu.max"] },
  cpuRealtime: { 1: ["cpu.rt_runtime_us"], 2: [] },
  cpuset: { 1: ["cpuset.cpus"], 2: ["cpuset.cpus"] },
  pids: { 1: ["pids.max"], 2: ["pids.max"] },
  blkioWeight: { 1: ["blkio.weight"], 2: ["io.bfq.weight", "io.weight"] },
  blkioWeightDevice: {
    1: ["blkio.weight_device"],
    2: ["io.bfq.weight", "io.weight"],
  },
  blkioReadBps: { 1: ["blkio.throttle.read_bps_device"], 2: ["io.max"] },
  blkioWriteBps: { 1: ["blkio.throttle.write_bps_device"], 2: ["io.max"] },
  blkioReadIops: { 1: ["blkio.throttle.read_iops_device"], 2: ["io.max"] },
  blkioWriteIops: { 1: ["blkio.throttle.write_iops_device"], 2: ["io.max"] },
};

/** @param hasFile whether a group that is not the root has the file: the root lacks most of them */
export function supportedLimits(version: 1 | 2, hasFile: (file: string) => boolean): Set<LimitKind> {
  const kinds = Object.keys(FILES) as NamedLimitKind[];
  const sizes = HUGE_PAGE_SIZES.filter((size) => hasFile(hugePageFile(version, size)));
  return new Set<LimitKind>([
    ...kinds.filter((kind) => FILES[kind][version].some(hasFile)),
    ...sizes.map((size) => `hugetlb.${size}` as const),
  ]);
}

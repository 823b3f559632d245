/** Limits this host's kernel does not have: taken out of a request, with Docker's warning for each. */
import { InvalidArgument } from "#base/errors.ts";
import type { LimitKind } from "#kernel/types.ts";
import type { Resources } from "#spec/docker/containers.ts";

/** A limit as a request names it, and what it becomes when the kernel cannot hold it. */
interface Rule {
  readonly needs: LimitKind;
  readonly isAsked: (limits: Resources) => boolean;
  readonly without: Partial<Resources>;
  readonly warning: string;
}

const NO_CGROUP = "or the cgroup is not mounted.";

const RULES: readonly Rule[] = [
  {
    needs: "memory",
    isAsked: ({ Memory: bytes = 0 }) => bytes > 0,
    without: { Memory: 0, MemorySwap: -1 },
    warning: `Your kernel does not support memory limit capabilities ${NO_CGROUP} Limitation discarded.`,
  },
  {
    needs: "swap",
    isAsked: ({ Memory: bytes = 0, MemorySwap: sum = 0 }) => bytes > 0 && sum !== -1,
    without: { MemorySwap: -1 },
    warning: `Your kernel does not support swap limit capabilities ${NO_CGROUP} Memory limited without swap.`,
  },
  {
    needs: "swappiness",
    isAsked: ({ MemorySwappiness: swappiness }) => swappiness != null && swappiness !== -1,
    without: { MemorySwappiness: null },
    warning: `Your kernel does not support memory swappiness capabilities ${NO_CGROUP} Memory swappiness discarded.`,
  },
  {
    needs: "reservation",
    isAsked: ({ MemoryReservation: bytes = 0 }) => bytes > 0,
    without: { MemoryReservation: 0 },
    warning: `Your kernel does not support memory soft limit capabilities ${NO_CGROUP} Limitation discarded.`,
  },
  {
    needs: "oomKillDisable",
    isAsked: ({ OomKillDisable: isDisabled }) => isDisabled === true,
    without: { OomKillDisable: null },
    warning: "Your kernel does not support OomKillDisable. OomKillDisable discarded.",
  },
  {
    needs: "pids",
    isAsked: ({ PidsLimit: count }) => (count ?? 0) > 0,
    without: { PidsLimit: null },
    warning: `Your kernel does not support PIDs limit capabilities ${NO_CGROUP} PIDs limit discarded.`,
  },
  {
    needs: "cpuShares",
    isAsked: ({ CpuShares: shares = 0 }) => shares > 0,
    without: { CpuShares: 0 },
    warning: `Your kernel does not support CPU shares ${NO_CGROUP} Shares discarded.`,
  },
  {
    needs: "cpuQuota",
    isAsked: ({ CpuPeriod: period = 0, CpuQuota: quota = 0 }) => period > 0 || quota > 0,
    without: { CpuPeriod: 0, CpuQuota: 0 },
    warning: `Your kernel does not support CPU CFS scheduler ${NO_CGROUP} CPU period/quota discarded.`,
  },
  {
    needs: "cpuset",
    isAsked: ({ CpusetCpus: cpus = "", CpusetMems: mems = "" }) => cpus !== "" || mems !== "",
    without: { CpusetCpus: "", CpusetMems: "" },
    warning: `Your kernel does not support cpuset ${NO_CGROUP} Cpuset discarded.`,
  },
  {
    needs: "blkioWeight",
    isAsked: ({ BlkioWeight: weight = 0 }) => weight > 0,
    without: { BlkioWeight: 0 },
    warning: `Your kernel does not support Block I/O weight ${NO_CGROUP} Weight discarded.`,
  },
  {
    needs: "blkioWeightDevice",
    isAsked: ({ BlkioWeightDevice: devices }) => isSome(devices),
    without: { BlkioWeightDevice: [] },
    warning: `Your kernel does not support Block I/O weight_device ${NO_CGROUP} Weight-device discarded.`,
  },
  {
    needs: "blkioReadBps",
    isAsked: ({ BlkioDeviceReadBps: devices }) => isSome(devices),
    without: { BlkioDeviceReadBps: [] },
    warning: `Your kernel does not support BPS Block I/O read limit ${NO_CGROUP} Block I/O BPS read limit discarded.`,
  },
  {
    needs: "blkioWriteBps",
    isAsked: ({ BlkioDeviceWriteBps: devices }) => isSome(devices),
    without: { BlkioDeviceWriteBps: [] },
    warning: `Your kernel does not support BPS Block I/O write limit ${NO_CGROUP} Block I/O BPS write limit discarded.`,
  },
  {
    needs: "blkioReadIops",
    isAsked: ({ BlkioDeviceReadIOps: devices }) => isSome(devices),
    without: { BlkioDeviceReadIOps: [] },
    warning: `Your kernel does not support IOPS Block read limit ${NO_CGROUP} Block I/O IOPS read limit discarded.`,
  },
  {
    needs: "blkioWriteIops",
    isAsked: ({ BlkioDeviceWriteIOps: devices }) => isSome(devices),
    without: { BlkioDeviceWriteIOps: [] },
    warning: `Your kernel does not support IOPS Block write limit ${NO_CGROUP} Block I/O IOPS write limit discarded.`,
  },
];

function isSome(list: readonly unknown[] | null | undefined): boolean {
  return (list ?? []).length > 0;
}

export interface Kept<T> {
  readonly kept: T;
  readonly warnings: readonly string[];
}

/** @throws InvalidArgument with Docker's text: real-time is nothing one can do without */
function checkRealtime(
  { CpuRealtimePeriod, CpuRealtimeRuntime }: Resources,
  supported: ReadonlySet<LimitKind>,
) {
  if ((CpuRealtimePeriod || CpuRealtimeRuntime) && !supported.has("cpuRealtime"))
    throw new InvalidArgument("kernel does not support CPU real-time scheduler");
}

/** @throws InvalidArgument: who counts huge pages has not asked for as many as there are */
function checkHugePages({ HugepageLimits: limits }: Resources, supported: ReadonlySet<LimitKind>) {
  const missing = (limits ?? []).find(({ PageSize }) => !supported.has(`hugetlb.${PageSize}`));
  if (!missing) return;
  const sizes = [...supported].filter((kind) => kind.startsWith("hugetlb."));
  const known = sizes.map((kind) => kind.slice("hugetlb.".length)).join(", ");
  throw new InvalidArgument(`this kernel cannot limit a container's ${missing.PageSize} pages`, {
    hint: known
      ? `it can limit those of ${known}`
      : "its control groups need the hugetlb controller, in the same hierarchy version as memory's",
  });
}

/** Pure: the request as far as this kernel can hold it, and what the user must know about the rest. @throws InvalidArgument */
export function discardUnsupported<T extends Resources>(
  asked: T,
  supported: ReadonlySet<LimitKind>,
): Kept<T> {
  checkRealtime(asked, supported);
  checkHugePages(asked, supported);
  let kept = asked;
  const warnings: string[] = [];
  for (const { needs, isAsked, without, warning } of RULES) {
    if (supported.has(needs) || !isAsked(kept)) continue;
    kept = { ...kept, ...without };
    warnings.push(warning);
  }
  return { kept, warnings };
}

import type { CgroupLimits } from "#kernel/types.ts";
import type { Resources } from "#spec/docker/containers.ts";

/** Docker's period for `--cpus`, in microseconds. */
export const CPU_PERIOD_MICROS = 100_000;

/** `--cpus` in billionths to microseconds of CPU time per period. */
export function quotaOfNanoCpus(nanoCpus: number): number {
  return Math.floor((nanoCpus * CPU_PERIOD_MICROS) / 1e9);
}

/** Limits of a running container as the kernel layer takes them. Docker's 0 means "leave it", -1 "no limit". */
export function limitsOf(resources: Resources): CgroupLimits {
  const nanoCpus = resources.NanoCpus || undefined;
  return withoutUndefined({
    memoryBytes: resources.Memory || undefined,
    memorySwapBytes: resources.MemorySwap || undefined,
    memoryReservationBytes: resources.MemoryReservation || undefined,
    cpuShares: resources.CpuShares || undefined,
    cpuQuotaMicros: nanoCpus === undefined ? resources.CpuQuota || undefined : quotaOfNanoCpus(nanoCpus),
    cpuPeriodMicros: nanoCpus === undefined ? resources.CpuPeriod || undefined : CPU_PERIOD_MICROS,
    cpusetCpus: resources.CpusetCpus || undefined,
    cpusetMems: resources.CpusetMems || undefined,
    pids: resources.PidsLimit ?? undefined,
    blkioWeight: resources.BlkioWeight || undefined,
  });
}

function withoutUndefined(limits: CgroupLimits): CgroupLimits {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

import type { CgroupLimits, DeviceRate } from "#kernel/types.ts";
import type { HugepageLimit, Resources, ThrottleDevice, WeightDevice } from "#spec/docker/containers.ts";
import type { DeviceNumbers } from "./spec/types.ts";

/** Docker's period for `--cpus`, in microseconds. */
export const CPU_PERIOD_MICROS = 100_000;

/** `--cpus` in billionths to microseconds of CPU time per period. */
export function quotaOfNanoCpus(nanoCpus: number): number {
  return Math.floor((nanoCpus * CPU_PERIOD_MICROS) / 1e9);
}

/**
 * Limits of a running container as the kernel layer takes them. Docker's 0 means "leave it", -1 "no limit".
 * @param devices numbers of the devices named in the limits, by path
 */
export function limitsOf(
  resources: Resources,
  devices: ReadonlyMap<string, DeviceNumbers> = new Map(),
): CgroupLimits {
  const rates = (list: readonly ThrottleDevice[] | null | undefined) => ratesOf(list, devices);
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
    memorySwappiness: resources.MemorySwappiness ?? undefined,
    oomKillDisable: resources.OomKillDisable ?? undefined,
    cpuRealtimePeriodMicros: resources.CpuRealtimePeriod || undefined,
    cpuRealtimeRuntimeMicros: resources.CpuRealtimeRuntime || undefined,
    blkioReadBps: rates(resources.BlkioDeviceReadBps),
    blkioWriteBps: rates(resources.BlkioDeviceWriteBps),
    blkioReadIops: rates(resources.BlkioDeviceReadIOps),
    blkioWriteIops: rates(resources.BlkioDeviceWriteIOps),
    blkioWeightDevices: rates(resources.BlkioWeightDevice?.map(asRate)),
    hugePageBytes: hugePageBytes(resources.HugepageLimits),
  });
}

function hugePageBytes(limits: readonly HugepageLimit[] | null | undefined): CgroupLimits["hugePageBytes"] {
  if (!limits || limits.length === 0) return undefined;
  return Object.fromEntries(limits.map(({ PageSize = "", Limit = 0 }) => [PageSize, Limit]));
}

function asRate({ Path, Weight }: WeightDevice): ThrottleDevice {
  return { Path: Path ?? "", Rate: Weight ?? 0 };
}

function ratesOf(
  list: readonly ThrottleDevice[] | null | undefined,
  devices: ReadonlyMap<string, DeviceNumbers>,
): DeviceRate[] | undefined {
  const rates = (list ?? []).flatMap(({ Path = "", Rate = 0 }) => {
    const numbers = devices.get(Path);
    return numbers ? [{ ...numbers, rate: Rate }] : [];
  });
  return rates.length > 0 ? rates : undefined;
}

function withoutUndefined(limits: CgroupLimits): CgroupLimits {
  return Object.fromEntries(Object.entries(limits).filter(([, value]) => value !== undefined));
}

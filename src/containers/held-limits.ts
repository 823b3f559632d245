import type { LimitKind, NamedLimits } from "#runtime/types.ts";
import type { HostConfig } from "#spec/docker/containers.ts";
import { parseCpuSet } from "./cpu-set.ts";

/** The kernel counts memory in pages, of at most this size. */
const LARGEST_PAGE_BYTES = 65_536;
const DEFAULT_SHARES = 1024;
const DEFAULT_PERIOD_MICROS = 100_000;

/**
 * Pure: a running container's configuration with the limits its group really has. What was asked for stays as it was
 * asked where the kernel holds just that; it is replaced where somebody else has changed the group.
 */
export function withHeldLimits(
  hostConfig: HostConfig,
  held: NamedLimits,
  supported: ReadonlySet<LimitKind>,
): HostConfig {
  return {
    ...hostConfig,
    ...(supported.has("memory") ? { Memory: bytes(hostConfig.Memory ?? 0, held.memoryBytes, 0) } : {}),
    ...(supported.has("swap") ? { MemorySwap: swap(hostConfig, held) } : {}),
    ...(supported.has("reservation")
      ? { MemoryReservation: bytes(hostConfig.MemoryReservation ?? 0, held.memoryReservationBytes, 0) }
      : {}),
    ...(supported.has("pids") ? { PidsLimit: held.pids ?? null } : {}),
    ...shares(hostConfig, held),
    ...(supported.has("cpuQuota") ? bandwidth(hostConfig, held) : {}),
    ...cpusets(hostConfig, held),
    ...realtime(hostConfig, held),
    ...(supported.has("swappiness") ? swappiness(hostConfig, held) : {}),
    ...(supported.has("oomKillDisable") ? oomKillDisable(hostConfig, held) : {}),
    ...disks(hostConfig, held),
    ...hugePages(hostConfig, held),
  };
}

/** Where nothing was asked the group has what its parent has. */
function swappiness(
  { MemorySwappiness: asked }: HostConfig,
  { memorySwappiness: held }: NamedLimits,
): Partial<HostConfig> {
  return asked == null || asked === -1 || held === undefined ? {} : { MemorySwappiness: held };
}

function oomKillDisable(
  { OomKillDisable: asked }: HostConfig,
  { oomKillDisable: held = false }: NamedLimits,
): Partial<HostConfig> {
  return held === (asked ?? false) ? {} : { OomKillDisable: held };
}

/** A group that was promised no time has a period all the same. */
function realtime(
  { CpuRealtimePeriod: period = 0, CpuRealtimeRuntime: runtime = 0 }: HostConfig,
  { cpuRealtimePeriodMicros = 0, cpuRealtimeRuntimeMicros = 0 }: NamedLimits,
): Partial<HostConfig> {
  return {
    ...(runtime === cpuRealtimeRuntimeMicros ? {} : { CpuRealtimeRuntime: cpuRealtimeRuntimeMicros }),
    ...(period === 0 ? {} : { CpuRealtimePeriod: cpuRealtimePeriodMicros }),
  };
}

const RATE_LISTS = [
  ...(["BlkioDeviceReadBps", "BlkioDeviceWriteBps", "BlkioDeviceReadIOps", "BlkioDeviceWriteIOps"] as const),
] satisfies (keyof NamedLimits)[];

/** Of a weight the kernel tells its default too: only one that was asked for can be another now. */
function disks(hostConfig: HostConfig, held: NamedLimits): Partial<HostConfig> {
  const changed: HostConfig = {};
  for (const key of RATE_LISTS) {
    const real = held[key];
    if (real && !isSame(hostConfig[key] ?? [], real)) changed[key] = real;
  }
  const weights = held.BlkioWeightDevice;
  if (weights && !isSame(hostConfig.BlkioWeightDevice ?? [], weights)) changed.BlkioWeightDevice = weights;
  if (hostConfig.BlkioWeight && held.blkioWeight !== undefined) changed.BlkioWeight = held.blkioWeight;
  return changed;
}

function hugePages(
  { HugepageLimits: asked }: HostConfig,
  { hugePageBytes = {} }: NamedLimits,
): Partial<HostConfig> {
  const real = Object.entries(hugePageBytes).map(([PageSize, Limit]) => ({ PageSize, Limit: Number(Limit) }));
  return isSame(asked ?? [], real) ? {} : { HugepageLimits: real };
}

/** In any order; a rate of 0 is none. */
function isSame(asked: readonly object[], real: readonly object[]): boolean {
  const texts = (list: readonly object[]) =>
    list
      .map((one) => Object.values(one))
      .filter(([, amount]) => amount !== 0)
      .map(String)
      .sort()
      .join();
  return texts(asked) === texts(real);
}

/** @param none how "no limit" is said */
function bytes(asked: number, held: number | undefined, none: number): number {
  if (held === undefined) return asked > 0 ? none : asked;
  const isAsked = asked >= held && asked - held < LARGEST_PAGE_BYTES;
  return isAsked ? asked : held;
}

/** Unlimited is 0 when nothing was asked and -1 when that was. */
function swap({ MemorySwap: asked = 0, Memory: memory = 0 }: HostConfig, held: NamedLimits): number {
  return bytes(asked, held.memorySwapBytes, memory > 0 ? -1 : 0);
}

function shares({ CpuShares: asked = 0 }: HostConfig, { cpuShares: held }: NamedLimits): Partial<HostConfig> {
  const isAsked = held === undefined || held === (asked || DEFAULT_SHARES);
  return isAsked ? {} : { CpuShares: held };
}

function bandwidth(hostConfig: HostConfig, held: NamedLimits): Partial<HostConfig> {
  const { NanoCpus: nanos = 0, CpuQuota: quota = 0, CpuPeriod: period = 0 } = hostConfig;
  const asked = nanos > 0 ? nanos / 1e9 : quota > 0 ? quota / (period || DEFAULT_PERIOD_MICROS) : undefined;
  const { cpuQuotaMicros, cpuPeriodMicros = DEFAULT_PERIOD_MICROS } = held;
  const real = cpuQuotaMicros === undefined ? undefined : cpuQuotaMicros / cpuPeriodMicros;
  // A quota is whole microseconds: the smallest step of a share is one in a period.
  const isAsked =
    asked === real ||
    (asked !== undefined && real !== undefined && Math.abs(asked - real) <= 1 / DEFAULT_PERIOD_MICROS);
  if (isAsked) return {};
  if (real === undefined) return { NanoCpus: 0, CpuQuota: 0 };
  return nanos > 0
    ? { NanoCpus: Math.round(real * 1e9) }
    : { CpuQuota: cpuQuotaMicros!, CpuPeriod: cpuPeriodMicros };
}

/** Where nothing was asked the group has what its parent has. */
function cpusets(
  { CpusetCpus: cpus = "", CpusetMems: mems = "" }: HostConfig,
  held: NamedLimits,
): Partial<HostConfig> {
  const isOther = (asked: string, real: string | undefined) =>
    asked !== "" && real !== undefined && String(parseCpuSet(asked)) !== String(parseCpuSet(real));
  return {
    ...(isOther(cpus, held.cpusetCpus) ? { CpusetCpus: held.cpusetCpus! } : {}),
    ...(isOther(mems, held.cpusetMems) ? { CpusetMems: held.cpusetMems! } : {}),
  };
}

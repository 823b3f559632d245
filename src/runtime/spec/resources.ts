/** Limits of the container's control group. */
import type { HostConfig, ThrottleDevice } from "#spec/docker/containers.ts";
import type { RuntimeDeviceRule, RuntimeResources } from "#spec/oci/runtime.ts";
import { CPU_PERIOD_MICROS, quotaOfNanoCpus } from "../limits.ts";
import { discardUnsupported } from "./discard.ts";
import type { DeviceNumbers, SpecHost } from "./types.ts";

export interface ResourcesInput {
  readonly hostConfig: HostConfig;
  readonly host: Pick<SpecHost, "limits">;
  readonly deviceRules: readonly RuntimeDeviceRule[];
  /** Of the block devices named in the blkio options, by path. */
  readonly blockDevices: ReadonlyMap<string, DeviceNumbers>;
}

/** What was asked for, as far as this host can do it; the rest becomes warnings in Docker's words. */
export function resourcesOf(input: ResourcesInput): {
  readonly resources: RuntimeResources;
  readonly warnings: readonly string[];
} {
  const { kept, warnings } = discardUnsupported(input.hostConfig, input.host.limits);
  const resources: RuntimeResources = { devices: [...input.deviceRules] };
  assignIfAny(resources, "memory", memoryOf(kept, input.host));
  assignIfAny(resources, "cpu", cpuOf(kept));
  assignIfAny(resources, "blockIO", blockIoOf(kept, input.blockDevices));
  const { PidsLimit: pids } = kept;
  if (pids && pids > 0) resources.pids = { limit: pids };
  const huge = (kept.HugepageLimits ?? []).filter(({ Limit = 0 }) => Limit >= 0);
  if (huge.length > 0)
    resources.hugepageLimits = huge.map(({ PageSize = "", Limit = 0 }) => ({
      pageSize: PageSize,
      limit: Limit,
    }));
  return { resources, warnings };
}

function assignIfAny<K extends keyof RuntimeResources>(
  resources: RuntimeResources,
  key: K,
  value: NonNullable<RuntimeResources[K]>,
): void {
  const entries = Object.entries(value).filter(([, part]) => part !== undefined);
  if (entries.length > 0) resources[key] = Object.fromEntries(entries) as RuntimeResources[K];
}

function memoryOf(
  hostConfig: HostConfig,
  { limits }: ResourcesInput["host"],
): NonNullable<RuntimeResources["memory"]> {
  const { Memory: limit, MemorySwap: swap, MemorySwappiness: swappiness } = hostConfig;
  return {
    limit: limit || undefined,
    reservation: hostConfig.MemoryReservation || undefined,
    swap: limits.has("swap") ? swap || (limit ? 2 * limit : undefined) : undefined,
    swappiness: swappiness != null && swappiness >= 0 ? swappiness : undefined,
    disableOOMKiller: hostConfig.OomKillDisable || undefined,
  };
}

function cpuOf(hostConfig: HostConfig): NonNullable<RuntimeResources["cpu"]> {
  const nanos = hostConfig.NanoCpus ?? 0;
  return {
    shares: hostConfig.CpuShares || undefined,
    quota: nanos > 0 ? quotaOfNanoCpus(nanos) : hostConfig.CpuQuota || undefined,
    period: nanos > 0 ? CPU_PERIOD_MICROS : hostConfig.CpuPeriod || undefined,
    realtimeRuntime: hostConfig.CpuRealtimeRuntime || undefined,
    realtimePeriod: hostConfig.CpuRealtimePeriod || undefined,
    cpus: hostConfig.CpusetCpus || undefined,
    mems: hostConfig.CpusetMems || undefined,
  };
}

function blockIoOf(
  hostConfig: HostConfig,
  blockDevices: ResourcesInput["blockDevices"],
): NonNullable<RuntimeResources["blockIO"]> {
  const throttle = (devices: readonly ThrottleDevice[] | null | undefined) =>
    nonEmpty(
      (devices ?? []).flatMap(({ Path = "", Rate = 0 }) => {
        const numbers = blockDevices.get(Path);
        return numbers ? [{ ...numbers, rate: Rate }] : [];
      }),
    );
  const weightDevice = nonEmpty(
    (hostConfig.BlkioWeightDevice ?? []).flatMap(({ Path = "", Weight = 0 }) => {
      const numbers = blockDevices.get(Path);
      return numbers ? [{ ...numbers, weight: Weight }] : [];
    }),
  );
  return {
    weight: hostConfig.BlkioWeight || undefined,
    weightDevice,
    throttleReadBpsDevice: throttle(hostConfig.BlkioDeviceReadBps),
    throttleWriteBpsDevice: throttle(hostConfig.BlkioDeviceWriteBps),
    throttleReadIOPSDevice: throttle(hostConfig.BlkioDeviceReadIOps),
    throttleWriteIOPSDevice: throttle(hostConfig.BlkioDeviceWriteIOps),
  };
}

function nonEmpty<T>(list: T[]): T[] | undefined {
  return list.length > 0 ? list : undefined;
}

/** Limits of the container's control group. */
import type { HostConfig, ThrottleDevice } from "#spec/docker/containers.ts";
import type { RuntimeDeviceRule, RuntimeResources } from "#spec/oci/runtime.ts";
import { CPU_PERIOD_MICROS, quotaOfNanoCpus } from "../limits.ts";
import type { DeviceNumbers, SpecHost } from "./types.ts";

export interface ResourcesInput {
  readonly hostConfig: HostConfig;
  readonly host: Pick<SpecHost, "features" | "blkioWeight">;
  readonly deviceRules: readonly RuntimeDeviceRule[];
  /** Of the block devices named in the blkio options, by path. */
  readonly blockDevices: ReadonlyMap<string, DeviceNumbers>;
}

/** What was asked for, as far as this host can do it; the rest becomes warnings in Docker's words. */
export function resourcesOf(input: ResourcesInput): {
  readonly resources: RuntimeResources;
  readonly warnings: string[];
} {
  const warnings: string[] = [];
  const resources: RuntimeResources = { devices: [...input.deviceRules] };
  assignIfAny(resources, "memory", memoryOf(input, warnings));
  assignIfAny(resources, "cpu", cpuOf(input.hostConfig));
  assignIfAny(resources, "blockIO", blockIoOf(input, warnings));
  const { PidsLimit: pids } = input.hostConfig;
  if (pids && pids > 0) resources.pids = { limit: pids };
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
  { hostConfig, host }: ResourcesInput,
  warnings: string[],
): NonNullable<RuntimeResources["memory"]> {
  const { Memory: limit, MemorySwap: swap, MemorySwappiness: swappiness } = hostConfig;
  if (limit && swap && swap > 0 && !host.features.swapLimit) {
    warnings.push(
      "Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.",
    );
  }
  const isV1 = host.features.cgroup !== "v2";
  return {
    limit: limit || undefined,
    reservation: hostConfig.MemoryReservation || undefined,
    swap: host.features.swapLimit ? swap || (limit ? 2 * limit : undefined) : undefined,
    swappiness: isV1 && swappiness != null && swappiness >= 0 ? swappiness : undefined,
    disableOOMKiller: isV1 && hostConfig.OomKillDisable ? true : undefined,
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
  { hostConfig, host, blockDevices }: ResourcesInput,
  warnings: string[],
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
  const weight = hostConfig.BlkioWeight || undefined;
  if ((weight ?? weightDevice) && !host.blkioWeight) {
    warnings.push(
      "Your kernel does not support Block I/O weight or the cgroup is not mounted. Weight discarded.",
    );
  }
  return {
    weight: host.blkioWeight ? weight : undefined,
    weightDevice: host.blkioWeight ? weightDevice : undefined,
    throttleReadBpsDevice: throttle(hostConfig.BlkioDeviceReadBps),
    throttleWriteBpsDevice: throttle(hostConfig.BlkioDeviceWriteBps),
    throttleReadIOPSDevice: throttle(hostConfig.BlkioDeviceReadIOps),
    throttleWriteIOPSDevice: throttle(hostConfig.BlkioDeviceWriteIOps),
  };
}

function nonEmpty<T>(list: T[]): T[] | undefined {
  return list.length > 0 ? list : undefined;
}

import { InvalidArgument } from "#base/errors.ts";
import type { HostConfig, Resources } from "#spec/docker/containers.ts";
import { parseCpuSet } from "./cpu-set.ts";

/** What limits are checked against. */
export interface HostFacts {
  readonly cpus: number;
  readonly cgroupVersion: "v1" | "v2";
  /** Memory nodes that are online; [0] on most machines. */
  readonly memoryNodes?: readonly number[];
  /** Containers live in user namespaces unless they say otherwise. */
  readonly isRemapping?: boolean;
  /** Why a container's writable directory can have no bound; undefined where it can. */
  readonly noQuotaReason?: string | undefined;
  /** Whether a plugin of this name takes logs. @throws Conflict, InvalidArgument when it is there and does not */
  readonly isLogPlugin?: (name: string) => boolean;
  /** Configured runtime names. */
  readonly runtimes: Pick<ReadonlySet<string>, "has">;
}

/** The kernel needs some memory for a group to live at all. */
const MIN_MEMORY_BYTES = 6 * 1024 * 1024;
/** cpu.cfs_period_us and cpu.cfs_quota_us, as the kernel allows them. */
const CFS_MICROS = { min: 1000, maxPeriod: 1_000_000 };

type Check = (limits: Resources, host: HostFacts) => string | undefined;

/** One rule a line: what Docker says when the limits break it. */
const CHECKS: readonly Check[] = [
  ({ Memory: memory = 0 }) =>
    memory !== 0 && memory < MIN_MEMORY_BYTES ? "Minimum memory limit allowed is 6MB" : undefined,
  ({ Memory: memory = 0, MemorySwap: swap = 0 }) =>
    memory > 0 && swap > 0 && swap < memory
      ? "Minimum memoryswap limit should be larger than memory limit, see usage"
      : undefined,
  ({ Memory: memory = 0, MemorySwap: swap = 0 }) =>
    memory === 0 && swap > 0
      ? "You should always set the Memory limit when using Memoryswap limit, see usage"
      : undefined,
  ({ MemorySwappiness: swappiness }) =>
    swappiness != null && (swappiness < -1 || swappiness > 100)
      ? `Invalid value: ${swappiness}, valid memory swappiness range is 0-100`
      : undefined,
  ({ MemoryReservation: reservation = 0 }) =>
    reservation > 0 && reservation < MIN_MEMORY_BYTES
      ? "Minimum memory reservation allowed is 6MB"
      : undefined,
  ({ Memory: memory = 0, MemoryReservation: reservation = 0 }) =>
    memory > 0 && reservation > memory
      ? "Minimum memory limit can not be less than memory reservation limit, see usage"
      : undefined,
  ({ NanoCpus: nanos = 0, CpuPeriod: period = 0 }) =>
    nanos > 0 && period > 0 ? "Conflicting options: Nano CPUs and CPU Period cannot both be set" : undefined,
  ({ NanoCpus: nanos = 0, CpuQuota: quota = 0 }) =>
    nanos > 0 && quota > 0 ? "Conflicting options: Nano CPUs and CPU Quota cannot both be set" : undefined,
  ({ NanoCpus: nanos = 0 }, host) =>
    nanos < 0 || nanos > host.cpus * 1e9
      ? `range of CPUs is from 0.01 to ${host.cpus}.00, as there are only ${host.cpus} CPUs available`
      : undefined,
  ({ CpuShares: shares = 0 }) =>
    shares < 0 ? `invalid CPU shares (${shares}): value must be a positive integer` : undefined,
  ({ CpuPeriod: period = 0 }) =>
    period !== 0 && (period < CFS_MICROS.min || period > CFS_MICROS.maxPeriod)
      ? "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)"
      : undefined,
  ({ CpuQuota: quota = 0 }) =>
    quota > 0 && quota < CFS_MICROS.min ? "CPU cfs quota can not be less than 1ms (i.e. 1000)" : undefined,
  ({ CpusetCpus: cpus = "" }, host) => checkCpus(cpus, host),
  ({ CpusetMems: mems = "" }, host) => checkMemoryNodes(mems, host),
  ({ CpuRealtimePeriod: period = 0, CpuRealtimeRuntime: runtime = 0 }) =>
    period > 0 && runtime > period
      ? "cpu real-time runtime cannot be higher than cpu real-time period"
      : undefined,
  ({ CpuRealtimePeriod: period = 0, CpuRealtimeRuntime: runtime = 0 }) =>
    period < 0 || runtime < 0 ? "cpu real-time period and runtime must be positive" : undefined,
  ({ KernelMemory: bytes = 0 }) =>
    bytes > 0 && bytes < MIN_MEMORY_BYTES ? "Minimum kernel memory limit allowed is 6MB" : undefined,
  ({ BlkioWeight: weight = 0 }) =>
    weight !== 0 && (weight < 10 || weight > 1000) ? "Range of blkio weight is from 10 to 1000" : undefined,
  ({ BlkioWeightDevice: devices }) =>
    devices?.some(({ Weight: weight = 0 }) => weight < 10 || weight > 1000)
      ? "Range of blkio weight of a device is from 10 to 1000"
      : undefined,
  ({ IOMaximumBandwidth: bytes = 0 }) =>
    bytes !== 0
      ? "Invalid QoS settings: linux does not support configuration of maximum bandwidth"
      : undefined,
  ({ IOMaximumIOps: operations = 0 }) =>
    operations !== 0
      ? "Invalid QoS settings: linux does not support configuration of maximum IOPs"
      : undefined,
];

/** @throws InvalidArgument with Docker's text for the first rule that is broken */
export function checkResources(limits: Resources, host: HostFacts): void {
  for (const check of CHECKS) {
    const complaint = check(limits, host);
    if (complaint) throw new InvalidArgument(complaint);
  }
}

/** Limits that are only asked for when a container is made. @throws InvalidArgument */
export function checkProcessLimits(hostConfig: HostConfig): void {
  const { OomScoreAdj: score = 0, ShmSize: shm = 0 } = hostConfig;
  if (score < -1000 || score > 1000)
    throw new InvalidArgument(`Invalid value ${score}, range for oom score adj is [-1000, 1000]`);
  if (shm < 0) throw new InvalidArgument("SHM size can not be less than 0");
  for (const limit of hostConfig.Ulimits ?? [])
    if ((limit.Hard ?? 0) >= 0 && (limit.Soft ?? 0) > (limit.Hard ?? 0))
      throw new InvalidArgument(
        `ulimit soft limit must be less than or equal to hard limit: ${limit.Soft} > ${limit.Hard}`,
      );
}

function checkCpus(cpus: string, host: HostFacts): string | undefined {
  const asked = parseCpuSet(cpus);
  if (!asked) return `Invalid value ${cpus} for cpuset cpus: invalid format: ${cpus}`;
  if (asked.every((cpu) => cpu < host.cpus)) return undefined;
  const available = host.cpus === 1 ? "0" : `0-${host.cpus - 1}`;
  return `Requested CPUs are not available - requested ${cpus}, available: ${available}`;
}

function checkMemoryNodes(nodes: string, { memoryNodes = [0] }: HostFacts): string | undefined {
  const asked = parseCpuSet(nodes);
  if (!asked) return `Invalid value ${nodes} for cpuset mems: invalid format: ${nodes}`;
  if (asked.every((node) => memoryNodes.includes(node))) return undefined;
  return `Requested memory nodes are not available - requested ${nodes}, available: ${memoryNodes.join(",")}`;
}

import type { CgroupLimits } from "../types.ts";
import { deviceLimitsV1, deviceLimitsV2, weightOfBlkio } from "./device-limits.ts";
import { hugePageWrites } from "./huge-pages.ts";

/** One write to a group's file. */
export interface CgroupWrite {
  readonly file: string;
  readonly value: string;
}

/** What the group's files hold now; undefined where this kernel has no such file. */
export type CurrentValues = Readonly<Record<string, string | undefined>>;

/** Files `planLimits()` decides by. */
export const CURRENT_FILES = {
  1: [
    ...["memory.limit_in_bytes", "memory.memsw.limit_in_bytes", "cpu.cfs_period_us", "cpu.rt_runtime_us"],
    ...["blkio.weight", "blkio.bfq.weight"],
  ],
  2: ["memory.max", "memory.swap.max", "cpu.max", "io.weight", "io.bfq.weight"],
} as const;

/**
 * Limits as writes, in an order the kernel accepts. What the kernel cannot count (swap, weights) is left out, as
 * Docker does with a warning.
 */
export function planLimits(version: 1 | 2, limits: CgroupLimits, current: CurrentValues): CgroupWrite[] {
  const plan = version === 1 ? V1_PLAN : V2_PLAN;
  const wanted = withoutZeros(limits);
  return [...plan.flatMap((step) => step(wanted, current)), ...hugePageWrites(version, limits, current)];
}

/** Docker's clients send 0 for "not given"; only for processes it means "no limit", and for swappiness "never". */
function withoutZeros(limits: CgroupLimits): CgroupLimits {
  const isValue = (key: string) => key === "pids" || key === "memorySwappiness";
  return Object.fromEntries(Object.entries(limits).filter(([key, value]) => value !== 0 || isValue(key)));
}

type PlanStep = (limits: CgroupLimits, current: CurrentValues) => CgroupWrite[];

const V1_PLAN: readonly PlanStep[] = [
  memoryV1,
  (limits) => write("memory.soft_limit_in_bytes", limits.memoryReservationBytes),
  (limits) => write("cpu.shares", limits.cpuShares),
  cfsV1,
  realtimeV1,
  cpuset,
  pids,
  ({ memorySwappiness }) => write("memory.swappiness", memorySwappiness),
  ({ oomKillDisable }) =>
    write("memory.oom_control", oomKillDisable === undefined ? undefined : Number(oomKillDisable)),
  deviceLimitsV1,
  ({ blkioWeight }, current) =>
    write(
      ["blkio.bfq.weight", "blkio.weight"].find((file) => current[file] !== undefined),
      blkioWeight,
    ),
];

const V2_PLAN: readonly PlanStep[] = [
  memoryV2,
  ({ memoryReservationBytes }) =>
    write("memory.low", memoryReservationBytes === -1 ? 0 : memoryReservationBytes),
  ({ cpuShares }) => write("cpu.weight", cpuShares && weightOfShares(cpuShares)),
  cpuMax,
  cpuset,
  pids,
  ioWeight,
  deviceLimitsV2,
];

/**
 * Memory may never exceed memory plus swap, not even between the two writes: raising writes the sum first, lowering
 * the memory.
 */
function memoryV1({ memoryBytes, memorySwapBytes }: CgroupLimits, current: CurrentValues): CgroupWrite[] {
  const memory = write("memory.limit_in_bytes", memoryBytes);
  const sum = current["memory.memsw.limit_in_bytes"];
  if (sum === undefined) return memory;
  // Unlimited memory with a limit on memory plus swap would be none.
  const wanted = memorySwapBytes ?? (memoryBytes === -1 ? -1 : undefined);
  const both = write("memory.memsw.limit_in_bytes", wanted);
  return asNumber(memoryBytes) > Number(sum) ? [...both, ...memory] : [...memory, ...both];
}

/** A group's share may not exceed its parent's between the two writes either: the one that lowers it comes first. */
function cfsV1({ cpuPeriodMicros, cpuQuotaMicros }: CgroupLimits, current: CurrentValues): CgroupWrite[] {
  const period = write("cpu.cfs_period_us", cpuPeriodMicros);
  const quota = write("cpu.cfs_quota_us", cpuQuotaMicros);
  const isShorter = (cpuPeriodMicros ?? 0) < Number(current["cpu.cfs_period_us"] ?? 0);
  return isShorter ? [...quota, ...period] : [...period, ...quota];
}

/** The period may never be shorter than the time that real-time processes get of it. */
function realtimeV1(limits: CgroupLimits, current: CurrentValues): CgroupWrite[] {
  const period = write("cpu.rt_period_us", limits.cpuRealtimePeriodMicros);
  const runtime = write("cpu.rt_runtime_us", limits.cpuRealtimeRuntimeMicros);
  const isTooShort = (limits.cpuRealtimePeriodMicros ?? 0) < Number(current["cpu.rt_runtime_us"] ?? 0);
  return isTooShort ? [...runtime, ...period] : [...period, ...runtime];
}

function asNumber(limit = 0): number {
  return limit === -1 ? Number.POSITIVE_INFINITY : limit;
}

/** v2 limits swap alone. */
function memoryV2({ memoryBytes, memorySwapBytes }: CgroupLimits, current: CurrentValues): CgroupWrite[] {
  const memory = writeMax("memory.max", memoryBytes);
  if (current["memory.swap.max"] === undefined) return memory;
  return [...writeMax("memory.swap.max", swapBytes(memoryBytes, memorySwapBytes, current)), ...memory];
}

/** @returns bytes, -1 for no limit, undefined to leave it as it is */
function swapBytes(
  memoryBytes: number | undefined,
  memorySwapBytes: number | undefined,
  current: CurrentValues,
): number | undefined {
  if (memorySwapBytes === undefined) return memoryBytes === -1 ? -1 : undefined;
  const memory = memoryBytes ?? Number(current["memory.max"]); // NaN for "max"
  if (memorySwapBytes === -1 || memory === -1 || Number.isNaN(memory)) return -1;
  return Math.max(0, memorySwapBytes - memory);
}

/** "QUOTA PERIOD"; a quota alone keeps the period, a period alone must repeat the quota. */
function cpuMax({ cpuQuotaMicros, cpuPeriodMicros }: CgroupLimits, current: CurrentValues): CgroupWrite[] {
  if (cpuQuotaMicros === undefined && cpuPeriodMicros === undefined) return [];
  const quota =
    cpuQuotaMicros === undefined
      ? (current["cpu.max"]?.split(" ")[0] ?? "max")
      : cpuQuotaMicros > 0
        ? String(cpuQuotaMicros)
        : "max";
  return [{ file: "cpu.max", value: cpuPeriodMicros === undefined ? quota : `${quota} ${cpuPeriodMicros}` }];
}

function cpuset({ cpusetCpus, cpusetMems }: CgroupLimits): CgroupWrite[] {
  return [...write("cpuset.cpus", cpusetCpus), ...write("cpuset.mems", cpusetMems)];
}

function pids({ pids }: CgroupLimits): CgroupWrite[] {
  return writeMax("pids.max", pids === 0 ? -1 : pids);
}

function ioWeight({ blkioWeight }: CgroupLimits, current: CurrentValues): CgroupWrite[] {
  if (current["io.bfq.weight"] !== undefined) return write("io.bfq.weight", blkioWeight);
  if (current["io.weight"] === undefined || blkioWeight === undefined) return [];
  return write("io.weight", weightOfBlkio(blkioWeight));
}

/**
 * cpu.shares (2 to 262144, usually 1024) to cpu.weight (1 to 10000, usually 100), as the OCI runtimes convert them
 * when they create the group.
 * @see https://github.com/containers/crun/blob/main/crun.1.md#cgroup-v2
 */
export function weightOfShares(shares: number): number {
  const inRange = Math.min(262_144, Math.max(2, shares));
  return 1 + Math.floor(((inRange - 2) * 9999) / 262_142);
}

function write(file: string | undefined, value: string | number | undefined): CgroupWrite[] {
  return file === undefined || value === undefined ? [] : [{ file, value: String(value) }];
}

function writeMax(file: string, value: number | undefined): CgroupWrite[] {
  return write(file, value === -1 ? "max" : value);
}

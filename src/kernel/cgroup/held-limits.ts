import type { HeldLimits } from "../types.ts";

type Read = (file: string) => string | undefined;

/** v1 writes "no limit" as the largest multiple of a page that fits: anything near it is none. */
const V1_UNLIMITED_BYTES = 2 ** 62;

/** A group's limits, read from its files. */
export function heldLimits(version: 1 | 2, read: Read): HeldLimits {
  const held = version === 1 ? heldV1(read) : heldV2(read);
  return Object.fromEntries(Object.entries(held).filter(([, value]) => value !== undefined));
}

interface Found extends Record<keyof HeldLimits, unknown> {
  readonly pids: number | undefined;
}

function heldV1(read: Read): Found {
  const bytes = (file: string) => {
    const value = numberIn(read(file));
    return value === undefined || value >= V1_UNLIMITED_BYTES ? undefined : value;
  };
  const quota = numberIn(read("cpu.cfs_quota_us"));
  const isLimited = quota !== undefined && quota > 0;
  return {
    memoryBytes: bytes("memory.limit_in_bytes"),
    memorySwapBytes: bytes("memory.memsw.limit_in_bytes"),
    memoryReservationBytes: bytes("memory.soft_limit_in_bytes"),
    cpuShares: numberIn(read("cpu.shares")),
    cpuQuotaMicros: isLimited ? quota : undefined,
    cpuPeriodMicros: isLimited ? numberIn(read("cpu.cfs_period_us")) : undefined,
    ...cpusets(read),
    pids: numberIn(read("pids.max")),
  };
}

function heldV2(read: Read): Found {
  const memory = numberIn(read("memory.max"));
  const swap = numberIn(read("memory.swap.max"));
  const low = numberIn(read("memory.low"));
  const [quota, period] = (read("cpu.max") ?? "").trim().split(" ");
  const isLimited = numberIn(quota) !== undefined;
  return {
    memoryBytes: memory,
    memorySwapBytes: memory === undefined || swap === undefined ? undefined : memory + swap,
    memoryReservationBytes: low === 0 ? undefined : low,
    cpuShares: undefined, // weights are coarser: what was asked for cannot be told from them
    cpuQuotaMicros: isLimited ? numberIn(quota) : undefined,
    cpuPeriodMicros: isLimited ? numberIn(period) : undefined,
    ...cpusets(read),
    pids: numberIn(read("pids.max")),
  };
}

function cpusets(read: Read): Pick<Found, "cpusetCpus" | "cpusetMems"> {
  const text = (file: string) => read(file)?.trim() || undefined;
  return { cpusetCpus: text("cpuset.cpus"), cpusetMems: text("cpuset.mems") };
}

/** Undefined for "max", "" and a file that is not there. */
function numberIn(text: string | undefined): number | undefined {
  const trimmed = text?.trim() ?? "";
  return /^-?\d+$/.test(trimmed) ? Number(trimmed) : undefined;
}

import type { DeviceRate, HeldLimits } from "../types.ts";
import { heldHugePages } from "./huge-pages.ts";

type Read = (file: string) => string | undefined;

/** v1 writes "no limit" as the largest multiple of a page that fits: anything near it is none. */
const V1_UNLIMITED_BYTES = 2 ** 62;

/** A group's limits, read from its files. */
export function heldLimits(version: 1 | 2, read: Read): HeldLimits {
  const held = version === 1 ? heldV1(read) : heldV2(read);
  return Object.fromEntries(Object.entries(held).filter(([, value]) => value !== undefined)) as HeldLimits;
}

/** Undefined where there is no file or no limit. */
type Found = { readonly [K in keyof HeldLimits]: HeldLimits[K] | undefined };

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
    memorySwappiness: numberIn(read("memory.swappiness")),
    oomKillDisable: oomKillDisable(read("memory.oom_control")),
    cpuRealtimePeriodMicros: numberIn(read("cpu.rt_period_us")),
    cpuRealtimeRuntimeMicros: numberIn(read("cpu.rt_runtime_us")),
    ...weights(read, ["blkio.bfq", "blkio"]),
    blkioReadBps: ratesV1(read("blkio.throttle.read_bps_device")),
    blkioWriteBps: ratesV1(read("blkio.throttle.write_bps_device")),
    blkioReadIops: ratesV1(read("blkio.throttle.read_iops_device")),
    blkioWriteIops: ratesV1(read("blkio.throttle.write_iops_device")),
    hugePageBytes: heldHugePages(1, read),
  };
}

/** "oom_kill_disable 1" on a line of its own. */
function oomKillDisable(text: string | undefined): boolean | undefined {
  const match = /^oom_kill_disable (\d)$/m.exec(text ?? "");
  return match ? match[1] === "1" : undefined;
}

/** `8:0 4096` on each line. */
function ratesV1(text: string | undefined): DeviceRate[] | undefined {
  if (text === undefined) return undefined;
  return [...text.matchAll(/^(\d+):(\d+) (\d+)$/gm)].map(([, major, minor, rate]) => ({
    major: Number(major),
    minor: Number(minor),
    rate: Number(rate),
  }));
}

/** The scheduler's that counts as Docker does; a first line may tell the default. v1 has a file for devices, v2 has not. */
function weights(
  read: Read,
  prefixes: readonly string[],
): Pick<HeldLimits, "blkioWeight" | "blkioWeightDevices"> {
  const prefix = prefixes.find((name) => read(`${name}.weight`) !== undefined);
  if (prefix === undefined) return {};
  const text = read(`${prefix}.weight`)!;
  const devices = read(`${prefix}.weight_device`) ?? text;
  return {
    blkioWeight: numberIn(/^(?:default )?(\d+)$/m.exec(text)?.[1]),
    blkioWeightDevices: ratesV1(devices),
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
    memorySwappiness: undefined,
    oomKillDisable: undefined,
    cpuRealtimePeriodMicros: undefined,
    cpuRealtimeRuntimeMicros: undefined,
    ...weights(read, ["io.bfq"]),
    ...ratesV2(read("io.max")),
    hugePageBytes: heldHugePages(2, read),
  };
}

/** `8:0 rbps=4096 wbps=max riops=max wiops=120` for each device with a limit. */
function ratesV2(text: string | undefined): Partial<HeldLimits> {
  if (text === undefined) return {};
  const limits = [...text.matchAll(/^(\d+):(\d+) (.*)$/gm)];
  const of = (name: string) =>
    limits.flatMap(([, major, minor, rates = ""]) => {
      const rate = numberIn(new RegExp(`\\b${name}=(\\d+)`).exec(rates)?.[1]);
      return rate === undefined ? [] : [{ major: Number(major), minor: Number(minor), rate }];
    });
  return {
    blkioReadBps: of("rbps"),
    blkioWriteBps: of("wbps"),
    blkioReadIops: of("riops"),
    blkioWriteIops: of("wiops"),
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

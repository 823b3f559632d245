import type { CgroupStats } from "../types.ts";
import { parseAmount, parseFlatKeyed, parsePidsLimit, type ReadGroupFile } from "./stats-parse.ts";

/** cpuacct.stat counts in clock ticks, which are 10 ms for user space on every architecture we run on. */
const NANOS_PER_TICK = 10_000_000;

/** @see https://docs.kernel.org/admin-guide/cgroup-v1/ */
export function statsV1(read: ReadGroupFile): CgroupStats {
  return {
    cpu: cpuV1(read),
    memory: {
      usageBytes: parseAmount(read("memory.usage_in_bytes")),
      maxUsageBytes: parseAmount(read("memory.max_usage_in_bytes")),
      limitBytes: parseAmount(read("memory.limit_in_bytes")),
      failcnt: parseAmount(read("memory.failcnt")),
      stat: read("memory.stat") ?? "",
    },
    pids: { current: parseAmount(read("pids.current")), limit: parsePidsLimit(read("pids.max")) },
    blkio: parseBlkio(read("blkio.throttle.io_service_bytes_recursive")),
  };
}

export function cpuV1(read: ReadGroupFile): CgroupStats["cpu"] {
  const ticks = parseFlatKeyed(read("cpuacct.stat"));
  const throttling = parseFlatKeyed(read("cpu.stat"));
  const perCpuNanos = parsePerCpu(read("cpuacct.usage_percpu"));
  return {
    // cpuacct.usage is the sum that the kernel makes of these.
    totalNanos: (perCpuNanos ?? []).reduce((sum, nanos) => sum + nanos, 0),
    userNanos: (ticks.user ?? 0) * NANOS_PER_TICK,
    systemNanos: (ticks.system ?? 0) * NANOS_PER_TICK,
    perCpuNanos,
    periods: throttling.nr_periods ?? 0,
    throttledPeriods: throttling.nr_throttled ?? 0,
    throttledNanos: throttling.throttled_time ?? 0,
  };
}

function parsePerCpu(text: string | undefined): number[] | undefined {
  return text?.trim().split(" ").map(Number);
}

/** `8:0 Read 4096` on each line, and one `Total 4096` at the end. */
function parseBlkio(text = ""): CgroupStats["blkio"] {
  return [...text.matchAll(/^(\d+):(\d+) (\w+) (\d+)$/gm)].map(([, major, minor, op, value]) => ({
    major: Number(major),
    minor: Number(minor),
    op: op as string,
    value: Number(value),
  }));
}

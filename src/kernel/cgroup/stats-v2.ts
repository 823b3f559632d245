import type { CgroupStats } from "../types.ts";
import { parseAmount, parseFlatKeyed, parsePidsLimit, type ReadGroupFile } from "./stats-parse.ts";

/** @see https://docs.kernel.org/admin-guide/cgroup-v2.html */
export function statsV2(read: ReadGroupFile): CgroupStats {
  return {
    cpu: cpuV2(read),
    memory: {
      usageBytes: parseAmount(read("memory.current")),
      maxUsageBytes: undefined,
      limitBytes: parseAmount(read("memory.max")),
      failcnt: undefined,
      stat: read("memory.stat") ?? "",
    },
    pids: { current: parseAmount(read("pids.current")), limit: parsePidsLimit(read("pids.max")) },
    blkio: parseIoStat(read("io.stat")),
  };
}

export function cpuV2(read: ReadGroupFile): CgroupStats["cpu"] {
  const cpu = parseFlatKeyed(read("cpu.stat"));
  const nanos = (key: string) => (cpu[key] ?? 0) * 1000;
  return {
    totalNanos: nanos("usage_usec"),
    userNanos: nanos("user_usec"),
    systemNanos: nanos("system_usec"),
    perCpuNanos: undefined,
    periods: cpu.nr_periods ?? 0,
    throttledPeriods: cpu.nr_throttled ?? 0,
    throttledNanos: nanos("throttled_usec"),
  };
}

/** `8:0 rbytes=4096 wbytes=0 rios=1 …` for each device; bytes read and written, by Docker's names for v2. */
function parseIoStat(text = ""): CgroupStats["blkio"] {
  return [...text.matchAll(/^(\d+):(\d+) (.*)$/gm)].flatMap(([, major, minor, counters = ""]) =>
    [...counters.matchAll(/([rw])bytes=(\d+)/g)].map(([, direction, value]) => ({
      major: Number(major),
      minor: Number(minor),
      op: direction === "r" ? "read" : "write",
      value: Number(value),
    })),
  );
}

import { expect, test } from "bun:test";
import { statsV1 } from "./stats-v1.ts";
import { statsV2 } from "./stats-v2.ts";

// Files of containers under Linux 6.18 (v1) and 6.1 (v2), shortened.
const V1_FILES: Record<string, string> = {
  "cpuacct.stat": "user 70\nsystem 53\n",
  "cpuacct.usage_percpu": "1000000000 234567890 \n",
  "cpu.stat": "nr_periods 12\nnr_throttled 3\nthrottled_time 45000000\nnr_bursts 0\nburst_time 0\n",
  "memory.usage_in_bytes": "4096000\n",
  "memory.max_usage_in_bytes": "8192000\n",
  "memory.limit_in_bytes": "9223372036854771712\n",
  "memory.failcnt": "7\n",
  "memory.stat": "cache 1000\nrss 2000\ntotal_inactive_file 300\n",
  "pids.current": "4\n",
  "pids.max": "max\n",
  "blkio.throttle.io_service_bytes_recursive":
    "254:0 Read 4096\n254:0 Write 0\n254:0 Total 4096\nTotal 4096\n",
};

const V2_FILES: Record<string, string> = {
  "cpu.stat":
    "usage_usec 1234567\nuser_usec 700000\nsystem_usec 534567\nnr_periods 12\nnr_throttled 3\nthrottled_usec 45000\n",
  "memory.current": "4096000\n",
  "memory.max": "max\n",
  "memory.stat": "anon 2000\nfile 1000\ninactive_file 300\n",
  "pids.current": "4\n",
  "pids.max": "100\n",
  "io.stat":
    "254:0 rbytes=4096 wbytes=8192 rios=1 wios=2 dbytes=0 dios=0\n8:16 rbytes=1 wbytes=0 rios=1 wios=0 dbytes=0 dios=0\n",
};

test("statsV1() reads each controller's files", () => {
  expect(statsV1((file) => V1_FILES[file])).toEqual({
    cpu: {
      totalNanos: 1_234_567_890,
      userNanos: 700_000_000,
      systemNanos: 530_000_000,
      perCpuNanos: [1_000_000_000, 234_567_890],
      periods: 12,
      throttledPeriods: 3,
      throttledNanos: 45_000_000,
    },
    memory: {
      usageBytes: 4_096_000,
      maxUsageBytes: 8_192_000,
      limitBytes: Number.POSITIVE_INFINITY,
      failcnt: 7,
      stat: V1_FILES["memory.stat"]!,
    },
    pids: { current: 4, limit: undefined },
    blkio: [
      { major: 254, minor: 0, op: "Read", value: 4096 },
      { major: 254, minor: 0, op: "Write", value: 0 },
      { major: 254, minor: 0, op: "Total", value: 4096 },
    ],
  });
});

test("statsV2() reads the unified files", () => {
  expect(statsV2((file) => V2_FILES[file])).toEqual({
    cpu: {
      totalNanos: 1_234_567_000,
      userNanos: 700_000_000,
      systemNanos: 534_567_000,
      perCpuNanos: undefined,
      periods: 12,
      throttledPeriods: 3,
      throttledNanos: 45_000_000,
    },
    memory: {
      usageBytes: 4_096_000,
      maxUsageBytes: undefined,
      limitBytes: Number.POSITIVE_INFINITY,
      failcnt: undefined,
      stat: V2_FILES["memory.stat"]!,
    },
    pids: { current: 4, limit: 100 },
    blkio: [
      { major: 254, minor: 0, op: "read", value: 4096 },
      { major: 254, minor: 0, op: "write", value: 8192 },
      { major: 8, minor: 16, op: "read", value: 1 },
      { major: 8, minor: 16, op: "write", value: 0 },
    ],
  });
});

test.each([
  { title: "statsV1()", stats: statsV1 },
  { title: "statsV2()", stats: statsV2 },
])("$title counts zero where a controller is missing", ({ stats }) => {
  const { cpu, memory, pids, blkio } = stats(() => undefined);
  expect([cpu.totalNanos, memory.usageBytes, pids.current, pids.limit]).toEqual([0, 0, 0, undefined]);
  expect(blkio).toEqual([]);
});

import { expect, test } from "bun:test";
import { heldLimits } from "./held-limits.ts";
import { supportedLimits } from "./support.ts";

const from = (files: Readonly<Record<string, string>>) => (file: string) => files[file];

test("heldLimits() reads a v1 group and leaves out what is unlimited", () => {
  const files = {
    "memory.limit_in_bytes": "67108864\n",
    "memory.memsw.limit_in_bytes": "9223372036854771712\n",
    "cpu.shares": "512\n",
    "cpu.cfs_quota_us": "-1\n",
    "cpu.cfs_period_us": "100000\n",
    "cpuset.cpus": "0-1\n",
    "pids.max": "max\n",
    "memory.swappiness": "0\n",
    "memory.oom_control": "oom_kill_disable 1\nunder_oom 0\noom_kill 0\n",
    "cpu.rt_period_us": "1000000\n",
    "cpu.rt_runtime_us": "0\n",
    "blkio.weight": "300\n",
    "blkio.weight_device": "8:0 200\n",
    "blkio.throttle.read_bps_device": "8:0 1048576\n8:16 4096\n",
    "blkio.throttle.write_iops_device": "",
    "hugetlb.2MB.limit_in_bytes": "67108864\n",
    "hugetlb.1GB.limit_in_bytes": "9223372036854771712\n",
  };
  expect(heldLimits(1, from(files))).toEqual({
    ...{ memoryBytes: 67108864, cpuShares: 512, cpusetCpus: "0-1" },
    ...{
      memorySwappiness: 0,
      oomKillDisable: true,
      cpuRealtimePeriodMicros: 1000000,
      cpuRealtimeRuntimeMicros: 0,
    },
    ...{ blkioWeight: 300, blkioWeightDevices: [{ major: 8, minor: 0, rate: 200 }], blkioWriteIops: [] },
    blkioReadBps: [
      { major: 8, minor: 0, rate: 1048576 },
      { major: 8, minor: 16, rate: 4096 },
    ],
    hugePageBytes: { "2MB": 67108864 },
  });
});

test("heldLimits() reads a v2 group, swap as the sum Docker counts", () => {
  const files = {
    "memory.max": "67108864\n",
    "memory.swap.max": "1048576\n",
    "memory.low": "0\n",
    "cpu.max": "50000 100000\n",
    "cpuset.cpus": "\n",
    "pids.max": "20\n",
    "io.bfq.weight": "default 100\n8:0 300\n",
    "io.max": "8:0 rbps=4096 wbps=max riops=max wiops=120\n8:16 rbps=8192 wbps=max riops=max wiops=max\n",
    "hugetlb.2MB.max": "0\n",
    "hugetlb.1GB.max": "max\n",
  };
  expect(heldLimits(2, from(files))).toEqual({
    memoryBytes: 67108864,
    memorySwapBytes: 68157440,
    cpuQuotaMicros: 50000,
    cpuPeriodMicros: 100000,
    pids: 20,
    blkioWeight: 100,
    blkioWeightDevices: [{ major: 8, minor: 0, rate: 300 }],
    blkioReadBps: [
      { major: 8, minor: 0, rate: 4096 },
      { major: 8, minor: 16, rate: 8192 },
    ],
    blkioWriteBps: [],
    blkioReadIops: [],
    blkioWriteIops: [{ major: 8, minor: 0, rate: 120 }],
    hugePageBytes: { "2MB": 0 },
  });
});

test("supportedLimits() says what a group's files allow", () => {
  const v1 = new Set([
    ...[
      "memory.limit_in_bytes",
      "cpu.shares",
      "blkio.throttle.read_bps_device",
      "hugetlb.2MB.limit_in_bytes",
    ],
  ]);
  expect([...supportedLimits(1, (file) => v1.has(file))]).toEqual([
    ...["memory", "cpuShares", "blkioReadBps", "hugetlb.2MB"],
  ] as never);
  const v2 = new Set(["io.max", "io.weight", "cpu.rt_runtime_us"]);
  expect([...supportedLimits(2, (file) => v2.has(file))]).toEqual([
    "blkioWeight",
    "blkioWeightDevice",
    "blkioReadBps",
    "blkioWriteBps",
    "blkioReadIops",
    "blkioWriteIops",
  ]);
});

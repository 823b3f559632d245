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
  };
  expect(heldLimits(1, from(files))).toEqual({ memoryBytes: 67108864, cpuShares: 512, cpusetCpus: "0-1" });
});

test("heldLimits() reads a v2 group, swap as the sum Docker counts", () => {
  const files = {
    "memory.max": "67108864\n",
    "memory.swap.max": "1048576\n",
    "memory.low": "0\n",
    "cpu.max": "50000 100000\n",
    "cpuset.cpus": "\n",
    "pids.max": "20\n",
  };
  expect(heldLimits(2, from(files))).toEqual({
    memoryBytes: 67108864,
    memorySwapBytes: 68157440,
    cpuQuotaMicros: 50000,
    cpuPeriodMicros: 100000,
    pids: 20,
  });
});

test("supportedLimits() says what a group's files allow", () => {
  const v1 = new Set(["memory.limit_in_bytes", "cpu.shares", "blkio.throttle.read_bps_device"]);
  expect([...supportedLimits(1, (file) => v1.has(file))]).toEqual(["memory", "cpuShares", "blkioReadBps"]);
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

import { expect, test } from "bun:test";
import { unitProperties } from "./unit-properties.ts";

const reader = (files: Record<string, string>) => (file: string) => files[file];

test("what a v2 group holds, as systemd wants to hear it", () => {
  const files = {
    "memory.max": "67108864\n",
    "memory.swap.max": "max\n",
    "memory.low": "0\n",
    "cpu.weight": "100\n",
    "cpu.max": "33333 100000\n",
    "cpuset.cpus": "0-1\n",
    "cpuset.mems": "\n",
    "pids.max": "max\n",
    "io.weight": "default 100\n8:0 200\n",
  };
  expect(unitProperties(2, reader(files))).toEqual([
    "MemoryMax=67108864",
    "MemorySwapMax=infinity",
    "MemoryLow=0",
    "CPUWeight=100",
    "CPUQuota=33.33%",
    "AllowedCPUs=0-1",
    "AllowedMemoryNodes=",
    "TasksMax=infinity",
    "IOWeight=100",
  ]);
});

test("no quota is said as such, and files the kernel does not have are not spoken of", () => {
  expect(unitProperties(2, reader({ "cpu.max": "max 100000\n" }))).toEqual(["CPUQuota="]);
});

test("what a v1 group holds", () => {
  const files = {
    "memory.limit_in_bytes": "9223372036854771712\n",
    "cpu.shares": "512\n",
    "cpu.cfs_quota_us": "-1\n",
    "cpu.cfs_period_us": "100000\n",
    "pids.max": "7\n",
  };
  expect(unitProperties(1, reader(files))).toEqual([
    "MemoryLimit=infinity",
    "CPUShares=512",
    "CPUQuota=",
    "TasksMax=7",
  ]);
});

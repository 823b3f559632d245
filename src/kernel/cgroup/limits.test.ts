import { describe, expect, test } from "bun:test";
import type { CgroupLimits } from "../types.ts";
import { type CurrentValues, planLimits, weightOfShares } from "./limits.ts";

interface Case {
  readonly title: string;
  readonly limits: CgroupLimits;
  readonly current?: CurrentValues;
  /** "file=value" in order. */
  readonly writes: readonly string[];
}

const asText = (version: 1 | 2, { limits, current = {} }: Case) =>
  planLimits(version, limits, current).map(({ file, value }) => `${file}=${value}`);

const UNLIMITED_V1 = { "memory.memsw.limit_in_bytes": "9223372036854771712" };

const V1_CASES: Case[] = [
  {
    title: "a shorter period after the quota, a longer one before",
    limits: { cpuPeriodMicros: 20_000, cpuQuotaMicros: 10_000 },
    current: { "cpu.cfs_period_us": "100000" },
    writes: ["cpu.cfs_quota_us=10000", "cpu.cfs_period_us=20000"],
  },
  {
    title: "real-time: time first where the period would be shorter than it",
    limits: { cpuRealtimePeriodMicros: 50_000, cpuRealtimeRuntimeMicros: 1000 },
    current: { "cpu.rt_runtime_us": "90000" },
    writes: ["cpu.rt_runtime_us=1000", "cpu.rt_period_us=50000"],
  },
  {
    title: "swappiness 0 and the killer of processes",
    limits: { memorySwappiness: 0, oomKillDisable: false },
    writes: ["memory.swappiness=0", "memory.oom_control=0"],
  },
  {
    title: "a line for each device",
    limits: {
      blkioWeightDevices: [{ major: 8, minor: 0, rate: 300 }],
      blkioReadBps: [
        { major: 8, minor: 0, rate: 1024 },
        { major: 8, minor: 16, rate: 0 },
      ],
      blkioWriteIops: [{ major: 8, minor: 0, rate: 5 }],
    },
    current: { "blkio.bfq.weight": "100" },
    writes: [
      "blkio.bfq.weight_device=8:0 300",
      "blkio.throttle.read_bps_device=8:0 1024",
      "blkio.throttle.read_bps_device=8:16 0",
      "blkio.throttle.write_iops_device=8:0 5",
    ],
  },
  { title: "nothing for nothing", limits: {}, current: UNLIMITED_V1, writes: [] },
  {
    title: "nothing for 0, which clients send for what was not given",
    limits: {
      memoryBytes: 0,
      memorySwapBytes: 0,
      cpuShares: 0,
      cpuQuotaMicros: 0,
      blkioWeight: 0,
      cpusetCpus: undefined,
    },
    current: UNLIMITED_V1,
    writes: [],
  },
  {
    title: "memory before the sum when lowering",
    limits: { memoryBytes: 100, memorySwapBytes: 200 },
    current: UNLIMITED_V1,
    writes: ["memory.limit_in_bytes=100", "memory.memsw.limit_in_bytes=200"],
  },
  {
    title: "the sum before memory when raising beyond it",
    limits: { memoryBytes: 500, memorySwapBytes: 600 },
    current: { "memory.memsw.limit_in_bytes": "200" },
    writes: ["memory.memsw.limit_in_bytes=600", "memory.limit_in_bytes=500"],
  },
  {
    title: "both unlimited when memory becomes unlimited",
    limits: { memoryBytes: -1 },
    current: { "memory.memsw.limit_in_bytes": "200" },
    writes: ["memory.memsw.limit_in_bytes=-1", "memory.limit_in_bytes=-1"],
  },
  {
    title: "unlimited swap beside limited memory",
    limits: { memoryBytes: 100, memorySwapBytes: -1 },
    current: UNLIMITED_V1,
    writes: ["memory.limit_in_bytes=100", "memory.memsw.limit_in_bytes=-1"],
  },
  {
    title: "no sum where the kernel counts no swap",
    limits: { memoryBytes: 100, memorySwapBytes: 200 },
    writes: ["memory.limit_in_bytes=100"],
  },
  {
    title: "every other file",
    limits: {
      memoryReservationBytes: 50,
      cpuShares: 512,
      cpuQuotaMicros: -1,
      cpuPeriodMicros: 50_000,
      cpusetCpus: "0-1",
      cpusetMems: "0",
      pids: 20,
      blkioWeight: 300,
    },
    current: { "blkio.weight": "500" },
    writes: [
      "memory.soft_limit_in_bytes=50",
      "cpu.shares=512",
      "cpu.cfs_period_us=50000",
      "cpu.cfs_quota_us=-1",
      "cpuset.cpus=0-1",
      "cpuset.mems=0",
      "pids.max=20",
      "blkio.weight=300",
    ],
  },
  { title: "unlimited processes for -1", limits: { pids: -1 }, writes: ["pids.max=max"] },
  { title: "unlimited processes for 0", limits: { pids: 0 }, writes: ["pids.max=max"] },
  {
    title: "BFQ's weight where the kernel has it",
    limits: { blkioWeight: 300 },
    current: { "blkio.bfq.weight": "100" },
    writes: ["blkio.bfq.weight=300"],
  },
  { title: "no weight where the kernel has none", limits: { blkioWeight: 300 }, writes: [] },
];

const SWAP = { "memory.swap.max": "max", "memory.max": "max" };

const V2_CASES: Case[] = [
  {
    title: "a line for each device and kind of rate",
    limits: {
      blkioWeightDevices: [{ major: 8, minor: 0, rate: 1000 }],
      blkioReadBps: [{ major: 8, minor: 0, rate: 1024 }],
      blkioWriteBps: [{ major: 8, minor: 0, rate: 0 }],
    },
    current: { "io.weight": "default 100" },
    writes: ["io.weight=8:0 10000", "io.max=8:0 rbps=1024", "io.max=8:0 wbps=max"],
  },
  {
    title: "swap as the difference",
    limits: { memoryBytes: 100, memorySwapBytes: 300 },
    current: SWAP,
    writes: ["memory.swap.max=200", "memory.max=100"],
  },
  {
    title: "no swap when both are equal",
    limits: { memoryBytes: 100, memorySwapBytes: 100 },
    current: SWAP,
    writes: ["memory.swap.max=0", "memory.max=100"],
  },
  {
    title: "unlimited swap",
    limits: { memoryBytes: 100, memorySwapBytes: -1 },
    current: SWAP,
    writes: ["memory.swap.max=max", "memory.max=100"],
  },
  {
    title: "swap left alone when only memory changes",
    limits: { memoryBytes: 100 },
    current: SWAP,
    writes: ["memory.max=100"],
  },
  {
    title: "the sum alone, against the memory limit that stands",
    limits: { memorySwapBytes: 300 },
    current: { "memory.swap.max": "0", "memory.max": "250" },
    writes: ["memory.swap.max=50"],
  },
  {
    title: "the sum alone, with unlimited memory",
    limits: { memorySwapBytes: 300 },
    current: SWAP,
    writes: ["memory.swap.max=max"],
  },
  {
    title: "everything unlimited for memory -1",
    limits: { memoryBytes: -1 },
    current: SWAP,
    writes: ["memory.swap.max=max", "memory.max=max"],
  },
  {
    title: "no swap where the kernel counts none",
    limits: { memoryBytes: 100, memorySwapBytes: 300 },
    writes: ["memory.max=100"],
  },
  { title: "a soft limit as protection", limits: { memoryReservationBytes: 50 }, writes: ["memory.low=50"] },
  { title: "no protection for -1", limits: { memoryReservationBytes: -1 }, writes: ["memory.low=0"] },
  { title: "shares as weight", limits: { cpuShares: 1024 }, writes: ["cpu.weight=39"] },
  { title: "no weight for 0 shares", limits: { cpuShares: 0 }, writes: [] },
  {
    title: "quota and period in one file",
    limits: { cpuQuotaMicros: 50_000, cpuPeriodMicros: 100_000 },
    writes: ["cpu.max=50000 100000"],
  },
  { title: "a quota alone", limits: { cpuQuotaMicros: 50_000 }, writes: ["cpu.max=50000"] },
  { title: "no quota for -1", limits: { cpuQuotaMicros: -1 }, writes: ["cpu.max=max"] },
  {
    title: "a period alone, with the quota that stands",
    limits: { cpuPeriodMicros: 20_000 },
    current: { "cpu.max": "50000 100000" },
    writes: ["cpu.max=50000 20000"],
  },
  {
    title: "cpuset and pids",
    limits: { cpusetCpus: "0", cpusetMems: "0", pids: -1 },
    writes: ["cpuset.cpus=0", "cpuset.mems=0", "pids.max=max"],
  },
  {
    title: "BFQ's weight as it is",
    limits: { blkioWeight: 300 },
    current: { "io.bfq.weight": "100", "io.weight": "default 100" },
    writes: ["io.bfq.weight=300"],
  },
  {
    title: "the cost controller's weight, converted",
    limits: { blkioWeight: 1000 },
    current: { "io.weight": "default 100" },
    writes: ["io.weight=10000"],
  },
  { title: "no weight where the kernel has none", limits: { blkioWeight: 300 }, writes: [] },
];

describe("planLimits() for v1 writes", () => {
  test.each(V1_CASES)("$title", (entry) => expect(asText(1, entry)).toEqual([...entry.writes]));
});

describe("planLimits() for v2 writes", () => {
  test.each(V2_CASES)("$title", (entry) => expect(asText(2, entry)).toEqual([...entry.writes]));
});

test.each([
  { shares: 2, weight: 1 },
  { shares: 512, weight: 20 },
  { shares: 1024, weight: 39 },
  { shares: 2048, weight: 79 },
  { shares: 262_144, weight: 10_000 },
  { shares: 1, weight: 1 },
  { shares: 1_000_000, weight: 10_000 },
])("weightOfShares($shares) is $weight", ({ shares, weight }) => {
  expect(weightOfShares(shares)).toBe(weight);
});

import { expect, test } from "bun:test";
import type { LimitKind, NamedLimits } from "#runtime/types.ts";
import type { HostConfig } from "#spec/docker/containers.ts";
import { withHeldLimits } from "./held-limits.ts";

const ALL = new Set<LimitKind>([
  "memory",
  "swap",
  "reservation",
  "pids",
  "cpuShares",
  "cpuQuota",
  "cpuset",
  "swappiness",
  "oomKillDisable",
]);

test.each<{ name: string; asked: HostConfig; held: NamedLimits; shown: HostConfig }>([
  { name: "nothing asked and nothing held", asked: {}, held: { cpuShares: 1024 }, shown: {} },
  {
    name: "memory of whole pages",
    asked: { Memory: 100_000_000, MemorySwap: 200_000_000 },
    held: { memoryBytes: 99_999_744, memorySwapBytes: 199_999_488 },
    shown: { Memory: 100_000_000, MemorySwap: 200_000_000 },
  },
  {
    name: "memory somebody raised, and a limit somebody took away",
    asked: { Memory: 64 << 20, MemorySwap: 128 << 20, PidsLimit: 5 },
    held: { memoryBytes: 96 << 20 },
    shown: { Memory: 96 << 20, MemorySwap: -1, PidsLimit: null },
  },
  {
    name: "endless swap",
    asked: { Memory: 64 << 20, MemorySwap: -1 },
    held: { memoryBytes: 64 << 20 },
    shown: {},
  },
  {
    name: "cpus",
    asked: { NanoCpus: 333_333_333 },
    held: { cpuQuotaMicros: 33_333, cpuPeriodMicros: 100_000 },
    shown: {},
  },
  {
    name: "cpus somebody changed",
    asked: { NanoCpus: 1e9 },
    held: { cpuQuotaMicros: 50_000, cpuPeriodMicros: 100_000 },
    shown: { NanoCpus: 5e8 },
  },
  {
    name: "a quota nobody asked for",
    asked: {},
    held: { cpuQuotaMicros: 50_000, cpuPeriodMicros: 20_000 },
    shown: { CpuQuota: 50_000, CpuPeriod: 20_000 },
  },
  { name: "a period alone", asked: { CpuPeriod: 50_000 }, held: {}, shown: {} },
  {
    name: "shares somebody changed",
    asked: { CpuShares: 512 },
    held: { cpuShares: 300 },
    shown: { CpuShares: 300 },
  },
  {
    name: "the same cpus in other words",
    asked: { CpusetCpus: "0,1" },
    held: { cpusetCpus: "0-1" },
    shown: {},
  },
  { name: "fewer cpus", asked: { CpusetCpus: "0,1" }, held: { cpusetCpus: "1" }, shown: { CpusetCpus: "1" } },
  {
    name: "rates of disks as they were asked for, in any order",
    asked: {
      BlkioDeviceReadBps: [
        { Path: "/dev/b", Rate: 2 },
        { Path: "/dev/a", Rate: 1 },
      ],
    },
    held: {
      BlkioDeviceReadBps: [
        { Path: "/dev/a", Rate: 1 },
        { Path: "/dev/b", Rate: 2 },
      ],
    },
    shown: {},
  },
  {
    name: "rates and weights of disks somebody changed",
    asked: { BlkioDeviceReadBps: [{ Path: "/dev/a", Rate: 1 }], BlkioWeight: 300 },
    held: {
      BlkioDeviceReadBps: [],
      BlkioDeviceWriteIOps: [{ Path: "/dev/a", Rate: 5 }],
      BlkioWeightDevice: [{ Path: "/dev/a", Weight: 20 }],
      blkioWeight: 200,
    },
    shown: {
      BlkioDeviceReadBps: [],
      BlkioDeviceWriteIOps: [{ Path: "/dev/a", Rate: 5 }],
      BlkioWeightDevice: [{ Path: "/dev/a", Weight: 20 }],
      BlkioWeight: 200,
    },
  },
  { name: "a disk's weight that is the kernel's own", asked: {}, held: { blkioWeight: 500 }, shown: {} },
  {
    name: "swappiness, real-time and who is killed",
    asked: { MemorySwappiness: 10, CpuRealtimePeriod: 1000, CpuRealtimeRuntime: 500 },
    held: {
      memorySwappiness: 20,
      cpuRealtimePeriodMicros: 2000,
      cpuRealtimeRuntimeMicros: 600,
      oomKillDisable: true,
    },
    shown: { MemorySwappiness: 20, CpuRealtimePeriod: 2000, CpuRealtimeRuntime: 600, OomKillDisable: true },
  },
  {
    name: "what the kernel tells of a group that nobody limited",
    asked: {},
    held: {
      memorySwappiness: 60,
      cpuRealtimePeriodMicros: 1e6,
      cpuRealtimeRuntimeMicros: 0,
      oomKillDisable: false,
    },
    shown: {},
  },
  {
    name: "huge pages",
    asked: { HugepageLimits: [{ PageSize: "2MB", Limit: 5 << 20 }] },
    held: { hugePageBytes: { "2MB": 4 << 20 } },
    shown: { HugepageLimits: [{ PageSize: "2MB", Limit: 4 << 20 }] },
  },
  { name: "cpus of the parent", asked: {}, held: { cpusetCpus: "0-1" }, shown: {} },
])("withHeldLimits() shows $name", ({ asked, held, shown }) => {
  const plain = { Memory: 0, MemorySwap: 0, MemoryReservation: 0, PidsLimit: null };
  expect(withHeldLimits(asked, held, ALL)).toEqual({ ...plain, ...asked, ...shown });
});

test("withHeldLimits() leaves what the kernel does not count", () => {
  const asked = { Memory: 64 << 20, MemorySwap: 128 << 20, PidsLimit: 7, NanoCpus: 1e9 };
  expect(withHeldLimits(asked, {}, new Set())).toEqual(asked);
});

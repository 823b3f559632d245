import { expect, test } from "bun:test";
import type { HeldLimits, LimitKind } from "#runtime/types.ts";
import type { HostConfig } from "#spec/docker/containers.ts";
import { withHeldLimits } from "./held-limits.ts";

const ALL = new Set<LimitKind>(["memory", "swap", "reservation", "pids", "cpuShares", "cpuQuota", "cpuset"]);

test.each<{ name: string; asked: HostConfig; held: HeldLimits; shown: HostConfig }>([
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
  { name: "cpus of the parent", asked: {}, held: { cpusetCpus: "0-1" }, shown: {} },
])("withHeldLimits() shows $name", ({ asked, held, shown }) => {
  const plain = { Memory: 0, MemorySwap: 0, MemoryReservation: 0, PidsLimit: null };
  expect(withHeldLimits(asked, held, ALL)).toEqual({ ...plain, ...asked, ...shown });
});

test("withHeldLimits() leaves what the kernel does not count", () => {
  const asked = { Memory: 64 << 20, MemorySwap: 128 << 20, PidsLimit: 7, NanoCpus: 1e9 };
  expect(withHeldLimits(asked, {}, new Set())).toEqual(asked);
});

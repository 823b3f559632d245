import { expect, test } from "bun:test";
import type { LimitKind } from "#kernel/types.ts";
import type { Resources } from "#spec/docker/containers.ts";
import { ALL_LIMITS } from "./_example.ts";
import { discardUnsupported } from "./discard.ts";

const DEVICE = [{ Path: "/dev/sda", Rate: 1 }];

test.each<{ lacks: LimitKind; asked: Resources; kept: Resources; word: string }>([
  { lacks: "memory", asked: { Memory: 9 }, kept: { Memory: 0, MemorySwap: -1 }, word: "memory limit" },
  { lacks: "swap", asked: { Memory: 9 }, kept: { Memory: 9, MemorySwap: -1 }, word: "without swap" },
  {
    lacks: "swappiness",
    asked: { MemorySwappiness: 0 },
    kept: { MemorySwappiness: null },
    word: "swappiness",
  },
  {
    lacks: "reservation",
    asked: { MemoryReservation: 9 },
    kept: { MemoryReservation: 0 },
    word: "soft limit",
  },
  {
    lacks: "oomKillDisable",
    asked: { OomKillDisable: true },
    kept: { OomKillDisable: null },
    word: "OomKillDisable discarded",
  },
  { lacks: "pids", asked: { PidsLimit: 9 }, kept: { PidsLimit: null }, word: "PIDs limit" },
  { lacks: "cpuShares", asked: { CpuShares: 9 }, kept: { CpuShares: 0 }, word: "CPU shares" },
  { lacks: "cpuQuota", asked: { CpuQuota: 9 }, kept: { CpuPeriod: 0, CpuQuota: 0 }, word: "CFS" },
  { lacks: "cpuset", asked: { CpusetMems: "0" }, kept: { CpusetCpus: "", CpusetMems: "" }, word: "Cpuset" },
  { lacks: "blkioWeight", asked: { BlkioWeight: 9 }, kept: { BlkioWeight: 0 }, word: "Weight discarded" },
  {
    lacks: "blkioWeightDevice",
    asked: { BlkioWeightDevice: [{ Path: "/dev/sda", Weight: 10 }] },
    kept: { BlkioWeightDevice: [] },
    word: "Weight-device discarded",
  },
  {
    lacks: "blkioReadBps",
    asked: { BlkioDeviceReadBps: DEVICE },
    kept: { BlkioDeviceReadBps: [] },
    word: "BPS read limit",
  },
  {
    lacks: "blkioWriteBps",
    asked: { BlkioDeviceWriteBps: DEVICE },
    kept: { BlkioDeviceWriteBps: [] },
    word: "BPS write limit",
  },
  {
    lacks: "blkioReadIops",
    asked: { BlkioDeviceReadIOps: DEVICE },
    kept: { BlkioDeviceReadIOps: [] },
    word: "IOPS read limit",
  },
  {
    lacks: "blkioWriteIops",
    asked: { BlkioDeviceWriteIOps: DEVICE },
    kept: { BlkioDeviceWriteIOps: [] },
    word: "IOPS write limit",
  },
])("discardUnsupported() takes out and tells of what needs $lacks", ({ lacks, asked, kept, word }) => {
  const supported = new Set(ALL_LIMITS);
  expect(discardUnsupported(asked, supported)).toEqual({ kept: asked, warnings: [] });
  supported.delete(lacks);
  const result = discardUnsupported(asked, supported);
  expect(result.kept).toEqual(kept);
  expect(result.warnings).toEqual([expect.stringContaining(word)]);
});

test("discardUnsupported() refuses a limit of huge pages that the kernel does not have, and names those it has", () => {
  const asked = { HugepageLimits: [{ PageSize: "2MB", Limit: 0 }] };
  expect(discardUnsupported(asked, new Set(["hugetlb.2MB"]))).toEqual({ kept: asked, warnings: [] });
  for (const [has, hint] of [
    [new Set<LimitKind>(["hugetlb.1GB"]), "it can limit those of 1GB"],
    [
      new Set<LimitKind>(),
      "its control groups need the hugetlb controller, in the same hierarchy version as memory's",
    ],
  ] as const)
    expect(() => discardUnsupported(asked, has)).toThrow(
      expect.objectContaining({ message: "this kernel cannot limit a container's 2MB pages", hint }),
    );
});

import { describe, expect, test } from "bun:test";
import { InvalidArgument } from "#base/errors.ts";
import type { Resources } from "#spec/docker/containers.ts";
import { checkProcessLimits, checkResources, type HostFacts } from "./check-resources.ts";
import { parseCpuSet } from "./cpu-set.ts";

const host: HostFacts = { cpus: 2, cgroupVersion: "v1", runtimes: new Set(["crun"]) };
const MB = 1024 * 1024;

describe("checkResources()", () => {
  const accepted: Resources[] = [
    {},
    { Memory: 6 * MB, MemorySwap: 6 * MB },
    { Memory: 64 * MB, MemorySwap: -1, MemoryReservation: 32 * MB },
    { NanoCpus: 2e9 },
    { CpuPeriod: 100_000, CpuQuota: 50_000 },
    { CpuQuota: -1 },
    { CpusetCpus: "0-1", CpusetMems: "0" },
  ];
  for (const limits of accepted)
    test(`accepts ${JSON.stringify(limits)}`, () => {
      checkResources(limits, host);
    });

  const refused: [Resources, string][] = [
    [{ Memory: 5 * MB }, "Minimum memory limit allowed is 6MB"],
    [
      { Memory: 64 * MB, MemorySwap: 32 * MB },
      "Minimum memoryswap limit should be larger than memory limit, see usage",
    ],
    [
      { MemorySwap: 64 * MB },
      "You should always set the Memory limit when using Memoryswap limit, see usage",
    ],
    [{ MemorySwappiness: 101 }, "Invalid value: 101, valid memory swappiness range is 0-100"],
    [{ MemoryReservation: MB }, "Minimum memory reservation allowed is 6MB"],
    [
      { Memory: 64 * MB, MemoryReservation: 65 * MB },
      "Minimum memory limit can not be less than memory reservation limit, see usage",
    ],
    [
      { NanoCpus: 1e9, CpuPeriod: 100_000 },
      "Conflicting options: Nano CPUs and CPU Period cannot both be set",
    ],
    [{ NanoCpus: 3e9 }, "range of CPUs is from 0.01 to 2.00, as there are only 2 CPUs available"],
    [{ CpuShares: -1 }, "invalid CPU shares (-1): value must be a positive integer"],
    [
      { CpuPeriod: 10 },
      "CPU cfs period can not be less than 1ms (i.e. 1000) or larger than 1s (i.e. 1000000)",
    ],
    [{ CpuQuota: 10 }, "CPU cfs quota can not be less than 1ms (i.e. 1000)"],
    [{ CpusetCpus: "1-0" }, "Invalid value 1-0 for cpuset cpus: invalid format: 1-0"],
    [{ CpusetMems: "5" }, "Requested memory nodes are not available - requested 5, available: 0"],
    [
      { CpuRealtimePeriod: 100, CpuRealtimeRuntime: 200 },
      "cpu real-time runtime cannot be higher than cpu real-time period",
    ],
    [{ KernelMemory: MB }, "Minimum kernel memory limit allowed is 6MB"],
    [{ IOMaximumIOps: 5 }, "Invalid QoS settings: linux does not support configuration of maximum IOPs"],
    [{ CpusetCpus: "0,7" }, "Requested CPUs are not available - requested 0,7, available: 0-1"],
    [{ BlkioWeight: 5 }, "Range of blkio weight is from 10 to 1000"],
  ];
  for (const [limits, text] of refused)
    test(`refuses ${JSON.stringify(limits)} in Docker's words`, () => {
      expect(() => checkResources(limits, host)).toThrow(new InvalidArgument(text));
    });
});

describe("checkProcessLimits()", () => {
  test("refuses what the kernel would", () => {
    checkProcessLimits({ OomScoreAdj: -1000, Ulimits: [{ Name: "nofile", Soft: 5, Hard: -1 }] });
    expect(() => checkProcessLimits({ OomScoreAdj: 1001 })).toThrow(
      "range for oom score adj is [-1000, 1000]",
    );
    expect(() => checkProcessLimits({ ShmSize: -1 })).toThrow("SHM size can not be less than 0");
    expect(() => checkProcessLimits({ Ulimits: [{ Name: "nofile", Soft: 9, Hard: 5 }] })).toThrow("9 > 5");
  });
});

describe("parseCpuSet()", () => {
  const table = {
    "": [],
    "0": [0],
    "0-2,7": [0, 1, 2, 7],
    "2-1": undefined,
    x: undefined,
    "0-99999": undefined,
  };
  for (const [text, numbers] of Object.entries(table))
    test(`reads ${JSON.stringify(text)}`, () => {
      expect(parseCpuSet(text)).toEqual(numbers as number[]);
    });
});

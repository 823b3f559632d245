import { expect, test } from "bun:test";
import { limitsOf } from "./limits.ts";
import { parseHostCpuNanos, parseInterfaceCounters } from "./sample.ts";
import { ALL_CAPABILITIES } from "./spec/capabilities.ts";
import { parseCapabilities, parseHardLimits } from "./spec-host.ts";

test("parseCapabilities() names what a process holds and may keep", () => {
  const all = parseCapabilities("CapEff:\t000001ffffffffff\nCapBnd:\t000001ffffffffff\n");
  expect(all).toEqual([...ALL_CAPABILITIES]);
  const some = parseCapabilities("CapPrm:\t1\nCapEff:\t000001fffeffffff\nCapBnd:\t0000000000000023\n");
  expect(some).toEqual(["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_KILL"]);
  expect(parseCapabilities("")).toEqual([]);
});

test("parseHardLimits() reads the second column of numbers", () => {
  const text = [
    "Limit                     Soft Limit           Hard Limit           Units     ",
    "Max cpu time              unlimited            unlimited            seconds   ",
    "Max open files            1024                 20000                files     ",
    "Max nice priority         0                    0                    ",
  ].join("\n");
  expect(parseHardLimits(text)).toEqual({
    RLIMIT_CPU: Number.POSITIVE_INFINITY,
    RLIMIT_NOFILE: 20000,
    RLIMIT_NICE: 0,
  });
});

test("parseHostCpuNanos() adds all kinds of time but the guests', which is counted already", () => {
  expect(parseHostCpuNanos("cpu  1 2 3 4 5 6 7 8 100 200\ncpu0 1 1 1 1\n")).toBe(36 * 10_000_000);
  expect(parseHostCpuNanos("")).toBe(0);
});

test("parseInterfaceCounters() leaves the loopback out", () => {
  const text = [
    "Inter-|   Receive                                                |  Transmit",
    " face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop fifo colls carrier compressed",
    "    lo:     100       1    0    0    0     0          0         0      100       1    0    0    0     0       0          0",
    "  eth0:    1000      10    1    2    0     0          0         0     2000      20    3    4    0     0       0          0",
  ].join("\n");
  expect(parseInterfaceCounters(text)).toEqual({
    eth0: {
      ...{ rxBytes: 1000, rxPackets: 10, rxErrors: 1, rxDropped: 2 },
      ...{ txBytes: 2000, txPackets: 20, txErrors: 3, txDropped: 4 },
    },
  });
});

test("limitsOf() leaves out what shall stay", () => {
  expect(limitsOf({ Memory: 0, CpuShares: 512, NanoCpus: 5e8, CpusetCpus: "" })).toEqual({
    cpuShares: 512,
    cpuQuotaMicros: 50_000,
    cpuPeriodMicros: 100_000,
  });
  expect(limitsOf({ PidsLimit: 0, MemorySwap: -1 })).toEqual({ pids: 0, memorySwapBytes: -1 });
  expect(limitsOf({ PidsLimit: null })).toEqual({});
});

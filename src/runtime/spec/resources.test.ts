import { expect, test } from "bun:test";
import type { LimitKind } from "#kernel/types.ts";
import type { HostConfig } from "#spec/docker/containers.ts";
import { ALL_LIMITS, EXAMPLE_HOST } from "./_example.ts";
import { resourcesOf } from "./resources.ts";
import type { SpecHost } from "./types.ts";

const ALL: SpecHost = { ...EXAMPLE_HOST, limits: new Set(ALL_LIMITS) };
const without = (...kinds: LimitKind[]): SpecHost => ({
  ...EXAMPLE_HOST,
  limits: new Set(ALL_LIMITS.filter((kind) => !kinds.includes(kind))),
});
const NO_SWAP = without("swap");
const DISK = new Map([["/dev/sda", { major: 8, minor: 0 }]]);

function limits(hostConfig: HostConfig, host: SpecHost = ALL) {
  return resourcesOf({ hostConfig, host, deviceRules: [], blockDevices: DISK });
}

test.each<{ name: string; hostConfig: HostConfig; host?: SpecHost; expected: object }>([
  { name: "nothing", hostConfig: {}, expected: {} },
  {
    name: "memory with as much swap",
    hostConfig: { Memory: 100 },
    expected: { memory: { limit: 100, swap: 200 } },
  },
  {
    name: "memory with endless swap",
    hostConfig: { Memory: 100, MemorySwap: -1 },
    expected: { memory: { limit: 100, swap: -1 } },
  },
  {
    name: "memory without swap counting",
    hostConfig: { Memory: 100, MemorySwap: -1 },
    host: NO_SWAP,
    expected: { memory: { limit: 100 } },
  },
  { name: "cpus", hostConfig: { NanoCpus: 1.5e9 }, expected: { cpu: { quota: 150_000, period: 100_000 } } },
  {
    name: "quota and period",
    hostConfig: { CpuQuota: 5000, CpuPeriod: 10_000, CpuShares: 512 },
    expected: { cpu: { quota: 5000, period: 10_000, shares: 512 } },
  },
  { name: "pids", hostConfig: { PidsLimit: 5 }, expected: { pids: { limit: 5 } } },
  { name: "no limit of pids", hostConfig: { PidsLimit: -1 }, expected: {} },
  {
    name: "v1 alone",
    hostConfig: { MemorySwappiness: 0, OomKillDisable: true },
    expected: { memory: { swappiness: 0, disableOOMKiller: true } },
  },
  {
    name: "block I/O",
    hostConfig: { BlkioWeight: 300, BlkioDeviceReadBps: [{ Path: "/dev/sda", Rate: 1024 }] },
    expected: { blockIO: { weight: 300, throttleReadBpsDevice: [{ major: 8, minor: 0, rate: 1024 }] } },
  },
])("resourcesOf(): $name", ({ hostConfig, host, expected }) => {
  expect(limits(hostConfig, host)).toEqual({ resources: { devices: [], ...expected }, warnings: [] });
});

test("resourcesOf() warns of what this host cannot do", () => {
  expect(limits({ BlkioWeight: 300 }, without("blkioWeight")).warnings[0]).toContain("Block I/O weight");
  expect(limits({ Memory: 100, MemorySwap: 150 }, NO_SWAP)).toEqual({
    resources: { devices: [], memory: { limit: 100 } },
    warnings: [
      "Your kernel does not support swap limit capabilities or the cgroup is not mounted. Memory limited without swap.",
    ],
  });
});

/** A plain container on a plain host, for the tests of this folder to change. */
import type { LimitKind } from "#kernel/types.ts";
import type { ContainerConfig, HostConfig } from "#spec/docker/containers.ts";
import { ALL_CAPABILITIES } from "./capabilities.ts";
import type { SpecHost, SpecInput } from "./types.ts";

export const ALL_LIMITS: readonly LimitKind[] = [
  ...(["memory", "swap", "reservation", "swappiness", "oomKillDisable"] as const),
  ...(["cpuShares", "cpuQuota", "cpuRealtime", "cpuset", "pids"] as const),
  ...(["blkioWeight", "blkioWeightDevice"] as const),
  ...(["blkioReadBps", "blkioWriteBps", "blkioReadIops", "blkioWriteIops"] as const),
];

export const EXAMPLE_HOST: SpecHost = {
  features: {
    cgroup: "v1",
    controllers: new Set(["cpu", "cpuset", "memory", "pids", "blkio", "devices", "freezer"]),
    apparmor: false,
    seccomp: true,
    swapLimit: true,
  },
  arch: "x64",
  capabilities: ALL_CAPABILITIES.filter((name) => name !== "CAP_SYS_RESOURCE"),
  hardLimits: { RLIMIT_NOFILE: 20000, RLIMIT_CORE: Number.POSITIVE_INFINITY },
  oomScoreAdj: 0,
  selinux: false,
  limits: new Set(ALL_LIMITS.filter((kind) => !kind.startsWith("blkioWeight"))),
};

export const EXAMPLE_ACCOUNTS = {
  passwd: "root:x:0:0:root:/root:/bin/sh\nweb:x:1000:1000::/home/web:/bin/sh\n",
  group: "root:x:0:\nweb:x:1000:\nextra:x:2000:web\n",
};

export function exampleInput(
  config: Partial<ContainerConfig> = {},
  hostConfig: HostConfig = {},
  more: Partial<SpecInput> = {},
): SpecInput {
  return {
    id: "ID",
    config: { Hostname: "IDSHORT", Cmd: ["sleep", "100"], ...config },
    hostConfig,
    rootfs: "/rootfs",
    mounts: [],
    files: {
      resolvConf: "/data-root/containers/ID/resolv.conf",
      hostname: "/data-root/containers/ID/hostname",
      hosts: "/data-root/containers/ID/hosts",
    },
    namespaces: {
      network: "private",
      ipc: "private",
      pid: "private",
      uts: "private",
      cgroup: "host",
      user: "host",
    },
    cgroupPath: "/parent/ID",
    accounts: EXAMPLE_ACCOUNTS,
    devices: { asked: [], host: [], block: new Map() },
    host: EXAMPLE_HOST,
    ...more,
  };
}

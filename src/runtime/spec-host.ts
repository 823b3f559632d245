import { existsSync, readFileSync } from "node:fs";
import type { KernelFeatures, LimitKind } from "#kernel/types.ts";
import { ALL_CAPABILITIES } from "./spec/capabilities.ts";
import type { SpecHost } from "./spec/types.ts";

/**
 * What this process may hand on to containers. Read once: nothing of it changes while we run.
 * @param findLimits asked when the first container needs it: the group above all containers is made after this
 */
export function readSpecHost(
  features: KernelFeatures,
  findLimits: () => ReadonlySet<LimitKind>,
  options: { readonly selinux?: boolean } = {},
): SpecHost {
  let limits: ReadonlySet<LimitKind> | undefined;
  return {
    features,
    arch: process.arch,
    capabilities: parseCapabilities(readFileSync("/proc/self/status", "utf8")),
    hardLimits: parseHardLimits(readFileSync("/proc/self/limits", "utf8")),
    oomScoreAdj: Number(readFileSync("/proc/self/oom_score_adj", "utf8")),
    selinux: (options.selinux ?? false) && existsSync(SELINUX),
    get limits() {
      limits ??= findLimits();
      return limits;
    },
  };
}

/** Mounted where the kernel has a policy loaded. */
const SELINUX = "/sys/fs/selinux/enforce";

/** Text of /proc/PID/status: what we hold and may keep. */
export function parseCapabilities(status: string): string[] {
  const mask = (name: string) =>
    BigInt(`0x${new RegExp(`^${name}:\\s*([0-9a-f]+)$`, "m").exec(status)?.[1] ?? "0"}`);
  const held = mask("CapEff") & mask("CapBnd");
  return ALL_CAPABILITIES.filter((_name, bit) => held & (1n << BigInt(bit)));
}

/** Rows of /proc/PID/limits, by OCI name. */
const LIMIT_ROWS: Readonly<Record<string, string>> = {
  "Max cpu time": "RLIMIT_CPU",
  "Max file size": "RLIMIT_FSIZE",
  "Max data size": "RLIMIT_DATA",
  "Max stack size": "RLIMIT_STACK",
  "Max core file size": "RLIMIT_CORE",
  "Max resident set": "RLIMIT_RSS",
  "Max processes": "RLIMIT_NPROC",
  "Max open files": "RLIMIT_NOFILE",
  "Max locked memory": "RLIMIT_MEMLOCK",
  "Max address space": "RLIMIT_AS",
  "Max file locks": "RLIMIT_LOCKS",
  "Max pending signals": "RLIMIT_SIGPENDING",
  "Max msgqueue size": "RLIMIT_MSGQUEUE",
  "Max nice priority": "RLIMIT_NICE",
  "Max realtime priority": "RLIMIT_RTPRIO",
  "Max realtime timeout": "RLIMIT_RTTIME",
};

/** Text of /proc/PID/limits: a name, the soft and the hard limit, a unit, in columns. */
export function parseHardLimits(limits: string): Record<string, number> {
  const rows = limits.split("\n").flatMap((line): [string, number][] => {
    const match = /^(.+?)\s{2,}(?:\S+)\s+(\S+)/.exec(line);
    const name = LIMIT_ROWS[match?.[1] ?? ""];
    if (!match || !name) return [];
    return [[name, match[2] === "unlimited" ? Number.POSITIVE_INFINITY : Number(match[2])]];
  });
  return Object.fromEntries(rows);
}

/** What can be said about a request before anything is started: what is wrong, and what will be less than asked for. */
import type { ContainerConfig, HostConfig, Ulimit } from "#spec/docker/containers.ts";
import { chooseCapabilities } from "./capabilities.ts";
import { checkDeviceAccess, parseDeviceRule } from "./devices.ts";
import { discardUnsupported, type Kept } from "./discard.ts";
import { oomScore, rlimitsFor } from "./process.ts";
import { seccompOf } from "./seccomp.ts";
import { securityOf } from "./security.ts";
import { checkSysctls } from "./sysctls.ts";
import type { SpecDefaults, SpecHost } from "./types.ts";

export interface ReviewFacts {
  readonly host: SpecHost;
  readonly defaults?: SpecDefaults | undefined;
}

/**
 * Pure. The same rules hold again at the start, when the host may be another.
 * @throws InvalidArgument with Docker's text for the first thing that cannot be
 */
export function reviewHostConfig(
  hostConfig: HostConfig,
  config: Pick<ContainerConfig, "Domainname">,
  { host, defaults }: ReviewFacts,
): Kept<HostConfig> {
  const security = securityOf(hostConfig, host, defaults);
  const capabilities = chooseCapabilities(hostConfig, host.capabilities);
  // Our own profile cannot be wrong, and takes longer to put together than all the rest.
  if (security.seccompProfile !== "builtin") seccompOf(security.seccompProfile, capabilities, host);
  for (const device of hostConfig.Devices ?? []) checkDeviceAccess(device);
  for (const rule of hostConfig.DeviceCgroupRules ?? []) parseDeviceRule(rule);
  checkSysctls(hostConfig.Sysctls ?? {}, {
    network: hostConfig.NetworkMode === "host",
    ipc: hostConfig.IpcMode === "host",
    uts: hostConfig.UTSMode === "host",
  });
  const { warnings } = rlimitsFor({ hostConfig, host, defaults });
  const score = oomScore(hostConfig.OomScoreAdj ?? 0, host);
  const limits = discardUnsupported(hostConfig, host.limits);
  const others = discardForeign(limits.kept);
  return {
    kept: others.kept,
    warnings: [
      ...limits.warnings,
      ...others.warnings,
      ...security.warnings,
      ...askedUlimits(hostConfig.Ulimits, warnings),
      ...score.warnings,
      ...notices(hostConfig, config),
    ],
  };
}

/** Of limits nobody asked for in this request the log tells, not every answer. */
function askedUlimits(asked: readonly Ulimit[] | null | undefined, warnings: readonly string[]): string[] {
  return warnings.filter((text) => (asked ?? []).some(({ Name }) => text.startsWith(`ulimit ${Name} `)));
}

/** Limits of another operating system. */
function discardForeign(hostConfig: HostConfig): Kept<HostConfig> {
  const warnings: string[] = [];
  let kept = hostConfig;
  if ((hostConfig.CpuPercent ?? 0) !== 0) {
    warnings.push("linux does not support CPU percent. Percent discarded.");
    kept = { ...kept, CpuPercent: 0 };
  }
  if ((hostConfig.CpuCount ?? 0) !== 0) {
    warnings.push("linux does not support CPU count. Count discarded.");
    kept = { ...kept, CpuCount: 0 };
  }
  return { kept, warnings };
}

/** What is done as asked and may still surprise. */
function notices(hostConfig: HostConfig, config: Pick<ContainerConfig, "Domainname">): string[] {
  const { IpcMode: ipc = "", KernelMemory: kernelMemory = 0, KernelMemoryTCP: tcp = 0 } = hostConfig;
  const notes: [boolean, string][] = [
    [
      kernelMemory > 0 || tcp > 0,
      "Specifying a kernel memory limit is deprecated and will be removed in a future release. " +
        "Kernel memory is part of the memory limit; the kernel memory limit is discarded.",
    ],
    [
      hostConfig.OomKillDisable === true && !hostConfig.Memory,
      "OOM killer is disabled for the container, but no memory limit is set, this can result in the system running out of resources.",
    ],
    [
      (hostConfig.ShmSize ?? 0) > 0 && /^(?:host|none|container:)/.test(ipc),
      `ShmSize is discarded: with IPC mode ${ipc} the container has no shared memory of its own`,
    ],
    [
      Boolean(config.Domainname) && hostConfig.UTSMode === "host",
      "Domainname is not set: with the host's UTS namespace it would be the host's",
    ],
  ];
  return notes.filter(([applies]) => applies).map(([, text]) => text);
}

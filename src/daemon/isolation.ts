import { existsSync } from "node:fs";
import { InvalidArgument } from "#base/errors.ts";
import { readIfExists } from "#base/fs.ts";
import { run } from "#base/spawn.ts";
import { parseCpuSet } from "#containers/cpu-set.ts";
import type { Cgroups, LimitKind } from "#kernel/types.ts";
import type { SpecDefaults } from "#runtime/spec/types.ts";
import type { DaemonConfig, IsolationConfig } from "./types.ts";

/** What containers get that say nothing, as the runtime layer takes it. */
export function specDefaults(isolation: IsolationConfig, apparmorProfile?: string): SpecDefaults {
  return {
    ...(apparmorProfile === undefined ? {} : { apparmorProfile }),
    noNewPrivileges: isolation.noNewPrivileges,
    ulimits: isolation.ulimits,
    seccompProfile: isolation.seccompProfile.text,
    init: isolation.init,
    timeNamespaces: isolation.timeNamespaces,
  };
}

/** The group above all containers, with the real-time share an administrator gives them. @throws InvalidArgument */
export function prepareGroups(
  cgroups: Pick<Cgroups, "prepareParent" | "setLimits" | "supportedLimits">,
  config: Pick<DaemonConfig, "cgroups" | "isolation">,
): void {
  const { realtime } = config.isolation;
  const parent = ownGroup(config);
  cgroups.prepareParent(parent);
  const { periodMicros, runtimeMicros } = realtime;
  if (!periodMicros && !runtimeMicros) return;
  if (config.cgroups.driver === "systemd")
    throw new InvalidArgument("cpu-rt-period and cpu-rt-runtime are not supported with systemd's cgroups", {
      hint: "slices have no real-time share; use native.cgroupdriver=cgroupfs",
    });
  if (!cgroups.supportedLimits(parent).has("cpuRealtime"))
    throw new InvalidArgument(
      "daemon-scoped cpu-rt-period and cpu-rt-runtime are not supported by this kernel's control groups",
      { hint: "they need control groups v1 and a kernel with real-time group scheduling" },
    );
  cgroups.setLimits(parent, {
    cpuRealtimePeriodMicros: periodMicros ?? 0,
    cpuRealtimeRuntimeMicros: runtimeMicros ?? 0,
  });
}

/** What the group above all containers can bound. Somebody may have removed it: an empty group belongs to nobody. */
export function findLimits(
  cgroups: Pick<Cgroups, "prepareParent" | "supportedLimits">,
  config: Pick<DaemonConfig, "cgroups">,
): ReadonlySet<LimitKind> {
  const parent = ownGroup(config);
  cgroups.prepareParent(parent);
  return cgroups.supportedLimits(parent);
}

/** With systemd's driver it only shows what the kernel can: a slice has the controllers its units asked for so far. */
function ownGroup({ cgroups }: Pick<DaemonConfig, "cgroups">): string {
  return cgroups.driver === "cgroupfs" ? cgroups.parent : "/wharf";
}

/** @throws InvalidArgument when systemd shall make containers' groups and does not run here */
export function checkSystemdGroups({ cgroups }: Pick<DaemonConfig, "cgroups">): void {
  if (cgroups.driver !== "systemd" || existsSync("/run/systemd/system")) return;
  throw new InvalidArgument("native.cgroupdriver=systemd: systemd is not running on this host", {
    hint: "leave it out: wharf then makes containers' control groups itself",
  });
}

/** Memory nodes a cpuset may name; a machine that does not say has one. */
export function onlineMemoryNodes(): readonly number[] {
  return parseCpuSet(readIfExists("/sys/devices/system/node/online")?.trim() ?? "0") ?? [0];
}

/**
 * Time namespaces are for newer runtimes; older ones fail in ways nobody understands.
 * @throws InvalidArgument when the default runtime does not say that it knows them
 */
export async function checkTimeNamespaces(
  { timeNamespaces }: Pick<IsolationConfig, "timeNamespaces">,
  { name, path }: { readonly name: string; readonly path: string },
): Promise<void> {
  if (!timeNamespaces) return;
  const { stdout } = await run([path, "features"]);
  if (existsSync("/proc/self/ns/time") && namespacesIn(stdout).includes("time")) return;
  throw new InvalidArgument(`feature time-namespaces: ${name} or this kernel does not have them`, {
    hint: "they need Linux 5.6 and a runtime whose `features` name them, such as runc 1.2",
  });
}

function namespacesIn(features: string): readonly string[] {
  try {
    return (JSON.parse(features) as { linux?: { namespaces?: string[] } }).linux?.namespaces ?? [];
  } catch {
    return [];
  }
}

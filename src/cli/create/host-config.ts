import type { DeviceRequest, HostConfig, MountSpec, Resources } from "#spec/docker/containers.ts";
import { isCdiDevice, parseDevice } from "../parse/device.ts";
import { keyValues } from "../parse/env.ts";
import { normaliseCapabilities, parseRestartPolicy } from "../parse/limits.ts";
import { splitPair } from "../parse/pair.ts";
import { absoluteSource } from "../parse/volume.ts";
import type { CreateFacts, CreateInput, CreateParts } from "./body.ts";
import type { ContainerFlags, GivenFlags } from "./flags.ts";

/** Where programs in a container look for the engine. */
const API_SOCKET_TARGET = "/var/run/docker.sock";

/** @throws Error when flags contradict each other or cannot be read */
export function planHostConfig(
  { flags, given, facts }: CreateInput,
  { bindings, binds }: CreateParts,
): HostConfig {
  checkNamespaces(flags);
  const { securityOpt, unmasked } = planSecurity(flags["security-opt"], facts);
  return {
    Binds: binds.length > 0 ? [...binds] : null,
    ContainerIDFile: flags.cidfile,
    LogConfig: { Type: flags["log-driver"], Config: planLogOptions(flags) },
    NetworkMode: flags.network[0]?.name ?? "default",
    PortBindings: bindings,
    RestartPolicy: planRestart(flags),
    AutoRemove: flags.rm,
    VolumeDriver: flags["volume-driver"],
    VolumesFrom: flags["volumes-from"].length > 0 ? [...flags["volumes-from"]] : null,
    Mounts: planMounts(flags, facts),
    Annotations: { ...flags.annotation, ...ownAnnotations(flags) },
    CapAdd: normaliseCapabilities(flags["cap-add"]),
    CapDrop: normaliseCapabilities(flags["cap-drop"]),
    CgroupnsMode: flags.cgroupns as HostConfig["CgroupnsMode"],
    Dns: [...flags.dns],
    DnsOptions: [...flags["dns-option"]],
    DnsSearch: [...flags["dns-search"]],
    ExtraHosts: [...flags["add-host"]],
    GroupAdd: [...flags["group-add"]],
    IpcMode: flags.ipc,
    Links: [...flags.link],
    OomScoreAdj: flags["oom-score-adj"],
    PidMode: flags.pid,
    Privileged: flags.privileged,
    PublishAllPorts: flags["publish-all"],
    ReadonlyRootfs: flags["read-only"],
    SecurityOpt: securityOpt,
    StorageOpt: planStorageOptions(flags["storage-opt"]),
    Tmpfs: planTmpfs(flags.tmpfs),
    UTSMode: flags.uts,
    UsernsMode: flags.userns,
    ShmSize: flags["shm-size"],
    Sysctls: flags.sysctl,
    Runtime: flags.runtime,
    Isolation: flags.isolation,
    Init: given.has("init") ? flags.init : null,
    ...(unmasked ? { MaskedPaths: [], ReadonlyPaths: [] } : {}),
    ...planResources(flags, given),
  };
}

function planResources(flags: ContainerFlags, given: GivenFlags): Resources {
  const devices = flags.device.filter((device) => !isCdiDevice(device));
  const cdiDevices = flags.device.filter(isCdiDevice);
  const requests: DeviceRequest[] = [
    ...flags.gpus,
    ...(cdiDevices.length > 0 ? [{ Driver: "cdi", DeviceIDs: cdiDevices }] : []),
  ];
  return {
    CgroupParent: flags["cgroup-parent"],
    CpuShares: flags["cpu-shares"],
    NanoCpus: flags.cpus,
    CpuPeriod: flags["cpu-period"],
    CpuQuota: flags["cpu-quota"],
    CpuRealtimePeriod: flags["cpu-rt-period"],
    CpuRealtimeRuntime: flags["cpu-rt-runtime"],
    CpusetCpus: flags["cpuset-cpus"],
    CpusetMems: flags["cpuset-mems"],
    CpuCount: flags["cpu-count"],
    CpuPercent: flags["cpu-percent"],
    Memory: flags.memory,
    MemoryReservation: flags["memory-reservation"],
    MemorySwap: flags["memory-swap"],
    ...(given.has("memory-swappiness") ? { MemorySwappiness: flags["memory-swappiness"] } : {}),
    ...(given.has("kernel-memory") ? { KernelMemory: flags["kernel-memory"] } : {}),
    ...(given.has("oom-kill-disable") ? { OomKillDisable: flags["oom-kill-disable"] } : {}),
    ...(given.has("pids-limit") ? { PidsLimit: flags["pids-limit"] } : {}),
    BlkioWeight: flags["blkio-weight"],
    BlkioWeightDevice: [...flags["blkio-weight-device"]],
    BlkioDeviceReadBps: [...flags["device-read-bps"]],
    BlkioDeviceWriteBps: [...flags["device-write-bps"]],
    BlkioDeviceReadIOps: [...flags["device-read-iops"]],
    BlkioDeviceWriteIOps: [...flags["device-write-iops"]],
    ...(flags["hugetlb-limit"].length > 0 ? { HugepageLimits: [...flags["hugetlb-limit"]] } : {}),
    IOMaximumBandwidth: flags["io-maxbandwidth"],
    IOMaximumIOps: flags["io-maxiops"],
    Devices: devices.map(parseDevice),
    DeviceCgroupRules: [...flags["device-cgroup-rule"]],
    DeviceRequests: requests,
    Ulimits: [...flags.ulimit].sort((a, b) => (a.Name! < b.Name! ? -1 : 1)),
  };
}

/** Options beyond Docker's travel as annotations, so that any Docker engine at least carries them. */
function ownAnnotations(flags: ContainerFlags): Record<string, string> {
  const dependencies = flags["depends-on"].join(",");
  const own = {
    "wharf.depends-on": dependencies,
    "wharf.health": flags["health-probe"],
    "wharf.on-unhealthy": flags["on-unhealthy"],
  };
  return Object.fromEntries(Object.entries(own).filter(([, value]) => value !== ""));
}

function planRestart(flags: ContainerFlags): HostConfig["RestartPolicy"] {
  const policy = parseRestartPolicy(flags.restart);
  const restarts = policy.Name !== "no" && policy.Name !== undefined;
  if (flags.rm && restarts) throw new Error("conflicting options: cannot specify both --restart and --rm");
  return policy;
}

function planLogOptions(flags: ContainerFlags): Record<string, string> {
  if (flags["log-driver"] === "none" && flags["log-opt"].length > 0)
    throw new Error(`invalid logging opts for driver ${flags["log-driver"]}`);
  return keyValues(flags["log-opt"]);
}

function planStorageOptions(options: readonly string[]): Record<string, string> {
  if (options.some((option) => !option.includes("="))) throw new Error("invalid storage option");
  return keyValues(options);
}

/** "/run:size=1m" as path and options. */
function planTmpfs(specs: readonly string[]): Record<string, string> {
  const mounts: Record<string, string> = {};
  for (const spec of specs) {
    const [path, options = ""] = splitPair(spec, ":");
    mounts[path] = options;
  }
  return mounts;
}

function planMounts(flags: ContainerFlags, { cwd, apiSocket }: CreateFacts): MountSpec[] {
  const mounts = flags.mount.map((mount) =>
    mount.Type === "bind" && mount.Source ? { ...mount, Source: absoluteSource(mount.Source, cwd) } : mount,
  );
  if (!flags["use-api-socket"]) return mounts;
  if (!apiSocket) throw new Error("flag --use-api-socket can't be used with an engine on another machine");
  return [...mounts, { Type: "bind", Source: apiSocket, Target: API_SOCKET_TARGET }];
}

function checkNamespaces(flags: ContainerFlags): void {
  const isOther = (mode: string) => mode !== "" && mode !== "host";
  if (isOther(flags.pid) && !/^container:.+/.test(flags.pid) && flags.pid !== "private")
    throw new Error("--pid: invalid PID mode");
  if (isOther(flags.uts)) throw new Error("--uts: invalid UTS mode");
  if (isOther(flags.userns)) throw new Error("--userns: invalid USER mode");
  if (isOther(flags.cgroupns) && flags.cgroupns !== "private")
    throw new Error("--cgroupns: invalid CGROUP mode");
}

/** Profiles in files are sent as text; "systempaths=unconfined" is a setting of its own in the API. */
function planSecurity(
  options: readonly string[],
  { readFile }: CreateFacts,
): { securityOpt: string[]; unmasked: boolean } {
  const kept = options.filter((option) => option !== "systempaths=unconfined");
  const securityOpt = kept.map((option) => {
    const [, key = "", value = ""] = /^([^=:]*)[=:](.*)$/s.exec(option) ?? [];
    if (key === "" && option !== "no-new-privileges")
      throw new Error(`Invalid --security-opt: ${JSON.stringify(option)}`);
    if (key !== "seccomp" || value === "unconfined" || value === "builtin") return option;
    return `seccomp=${readProfile(value, readFile)}`;
  });
  return { securityOpt, unmasked: kept.length < options.length };
}

function readProfile(path: string, readFile: CreateFacts["readFile"]): string {
  let content: string;
  try {
    content = readFile(path);
  } catch (error) {
    throw new Error(`opening seccomp profile (${path}) failed: ${(error as Error).message}`, {
      cause: error,
    });
  }
  try {
    return JSON.stringify(JSON.parse(content));
  } catch (error) {
    throw new Error(`compacting json for seccomp profile (${path}) failed: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

import type { HostConfig, LogConfig, PortMap } from "#spec/docker/containers.ts";
import { DEFAULT_NETWORK } from "./modes.ts";

export interface HostDefaults {
  readonly logConfig: LogConfig;
  readonly runtime: string;
  readonly shmSizeBytes: number;
  readonly cgroupVersion: "v1" | "v2";
  readonly ipcMode: "private" | "shareable";
  /** undefined: private on control groups v2, the host's on v1. */
  readonly cgroupnsMode: "private" | "host" | undefined;
  readonly maskedPaths: readonly string[];
  readonly readonlyPaths: readonly string[];
}

/**
 * The host configuration as `inspect` shows it: what the user asked, with every field Docker fills in filled in, and
 * limits completed the way Docker completes them.
 */
export function completeHostConfig(asked: HostConfig, defaults: HostDefaults): HostConfig {
  const memory = asked.Memory ?? 0;
  return {
    ...EMPTY,
    ...withoutUndefined(asked),
    LogConfig: completeLogConfig(asked.LogConfig, defaults.logConfig),
    NetworkMode: completeNetworkMode(asked.NetworkMode),
    PortBindings: completePortBindings(asked.PortBindings),
    RestartPolicy: {
      Name: asked.RestartPolicy?.Name || "no",
      MaximumRetryCount: asked.RestartPolicy?.MaximumRetryCount ?? 0,
    },
    IpcMode: asked.IpcMode || defaults.ipcMode,
    CgroupnsMode: asked.CgroupnsMode || defaultCgroupns(asked, defaults),
    ShmSize: asked.ShmSize || defaults.shmSizeBytes,
    SecurityOpt: completeSecurity(asked),
    Runtime: asked.Runtime || defaults.runtime,
    // As much swap as memory, which is what Docker's users have always got.
    MemorySwap: memory > 0 && !asked.MemorySwap ? memory * 2 : (asked.MemorySwap ?? 0),
    OomKillDisable: defaults.cgroupVersion === "v2" ? null : (asked.OomKillDisable ?? false),
    PidsLimit: (asked.PidsLimit ?? 0) > 0 ? asked.PidsLimit! : null,
    MemorySwappiness: asked.MemorySwappiness === -1 ? null : (asked.MemorySwappiness ?? null),
    MaskedPaths: completePaths(asked.MaskedPaths, asked.Privileged, defaults.maskedPaths),
    ReadonlyPaths: completePaths(asked.ReadonlyPaths, asked.Privileged, defaults.readonlyPaths),
  };
}

/** On v1 a privileged container sees all groups, as in Docker. */
function defaultCgroupns(
  { Privileged: isPrivileged }: HostConfig,
  { cgroupVersion, cgroupnsMode }: HostDefaults,
): "private" | "host" {
  if (isPrivileged && cgroupVersion === "v1") return "host";
  return cgroupnsMode ?? (cgroupVersion === "v2" ? "private" : "host");
}

/** Who shares the host's processes or memory must be able to reach them: no SELinux label, unless one is asked for. */
function completeSecurity({ SecurityOpt, Privileged, PidMode, IpcMode }: HostConfig): string[] | null {
  const asked = SecurityOpt ?? null;
  const isOpen = Privileged || PidMode === "host" || IpcMode === "host";
  if (!isOpen || asked?.some((option) => /^label(?:[=:]|$)/.test(option))) return asked;
  return [...(asked ?? []), "label=disable"];
}

const EMPTY: HostConfig = {
  Binds: null,
  ContainerIDFile: "",
  AutoRemove: false,
  VolumeDriver: "",
  VolumesFrom: null,
  ConsoleSize: [0, 0],
  CapAdd: null,
  CapDrop: null,
  ExtraHosts: null,
  GroupAdd: null,
  Cgroup: "",
  Links: null,
  OomScoreAdj: 0,
  PidMode: "",
  Privileged: false,
  PublishAllPorts: false,
  ReadonlyRootfs: false,
  UTSMode: "",
  UsernsMode: "",
  Isolation: "",
  CpuShares: 0,
  Memory: 0,
  NanoCpus: 0,
  CgroupParent: "",
  BlkioWeight: 0,
  CpuPeriod: 0,
  CpuQuota: 0,
  CpuRealtimePeriod: 0,
  CpuRealtimeRuntime: 0,
  CpusetCpus: "",
  CpusetMems: "",
  DeviceCgroupRules: null,
  DeviceRequests: null,
  MemoryReservation: 0,
  MemorySwappiness: null,
  CpuCount: 0,
  CpuPercent: 0,
  IOMaximumIOps: 0,
  IOMaximumBandwidth: 0,
};

function withoutUndefined(asked: HostConfig): HostConfig {
  return Object.fromEntries(Object.entries(asked).filter(([, value]) => value !== undefined));
}

function completeLogConfig(asked: LogConfig | undefined, fallback: LogConfig): LogConfig {
  if (!asked?.Type) return { Type: fallback.Type, Config: { ...fallback.Config, ...asked?.Config } };
  return { Type: asked.Type, Config: asked.Config ?? {} };
}

function completeNetworkMode(asked: string | undefined): string {
  return !asked || asked === "default" ? DEFAULT_NETWORK : asked;
}

/** A port without bindings is one that wants any free host port. */
function completePortBindings(asked: PortMap | null | undefined): PortMap | null {
  if (!asked) return null;
  const entries = Object.entries(asked).map(([port, bindings]) => [
    port.includes("/") ? port : `${port}/tcp`,
    bindings && bindings.length > 0
      ? bindings.map(({ HostIp = "", HostPort = "" }) => ({ HostIp, HostPort }))
      : [{ HostIp: "", HostPort: "" }],
  ]);
  return Object.fromEntries(entries);
}

function completePaths(
  asked: string[] | null | undefined,
  isPrivileged: boolean | undefined,
  fallback: readonly string[],
): string[] | null {
  if (asked) return asked;
  return isPrivileged ? null : [...fallback];
}

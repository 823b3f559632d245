import type { HostConfig } from "#spec/docker/containers.ts";
import { type ApiVersion, isBefore } from "#spec/docker/versions.ts";

/**
 * A HostConfig as `inspect` shows it: every field in Docker's order, with its empty value where nothing was asked;
 * a few only when they were.
 */
export function hostConfigView(host: HostConfig, version: ApiVersion): HostConfig {
  return {
    Binds: host.Binds ?? null,
    ContainerIDFile: host.ContainerIDFile ?? "",
    LogConfig: { Type: host.LogConfig?.Type ?? "", Config: host.LogConfig?.Config ?? {} },
    NetworkMode: host.NetworkMode ?? "default",
    PortBindings: host.PortBindings ?? null,
    RestartPolicy: {
      Name: host.RestartPolicy?.Name || "no",
      MaximumRetryCount: host.RestartPolicy?.MaximumRetryCount ?? 0,
    },
    AutoRemove: host.AutoRemove ?? false,
    VolumeDriver: host.VolumeDriver ?? "",
    VolumesFrom: host.VolumesFrom ?? null,
    ConsoleSize: host.ConsoleSize ?? [0, 0],
    ...whenAny({ Annotations: host.Annotations }),
    CapAdd: host.CapAdd ?? null,
    CapDrop: host.CapDrop ?? null,
    CgroupnsMode: host.CgroupnsMode ?? "",
    Dns: host.Dns ?? null,
    DnsOptions: host.DnsOptions ?? null,
    DnsSearch: host.DnsSearch ?? null,
    ExtraHosts: host.ExtraHosts ?? null,
    GroupAdd: host.GroupAdd ?? null,
    IpcMode: host.IpcMode ?? "",
    Cgroup: host.Cgroup ?? "",
    Links: host.Links?.length ? host.Links : null,
    OomScoreAdj: host.OomScoreAdj ?? 0,
    PidMode: host.PidMode ?? "",
    Privileged: host.Privileged ?? false,
    PublishAllPorts: host.PublishAllPorts ?? false,
    ReadonlyRootfs: host.ReadonlyRootfs ?? false,
    SecurityOpt: host.SecurityOpt ?? null,
    ...whenAny({ StorageOpt: host.StorageOpt, Tmpfs: host.Tmpfs }),
    UTSMode: host.UTSMode ?? "",
    UsernsMode: host.UsernsMode ?? "",
    ShmSize: host.ShmSize ?? 0,
    ...whenAny({ Sysctls: host.Sysctls }),
    Runtime: host.Runtime ?? "",
    Isolation: host.Isolation ?? "",
    ...resourcesView(host, version),
    ...whenAny({ Mounts: host.Mounts }),
    MaskedPaths: host.MaskedPaths ?? null,
    ReadonlyPaths: host.ReadonlyPaths ?? null,
    ...(typeof host.Init === "boolean" ? { Init: host.Init } : {}),
  };
}

function resourcesView(host: HostConfig, version: ApiVersion): HostConfig {
  return {
    CpuShares: host.CpuShares ?? 0,
    Memory: host.Memory ?? 0,
    NanoCpus: host.NanoCpus ?? 0,
    CgroupParent: host.CgroupParent ?? "",
    BlkioWeight: host.BlkioWeight ?? 0,
    BlkioWeightDevice: host.BlkioWeightDevice ?? null,
    BlkioDeviceReadBps: host.BlkioDeviceReadBps ?? null,
    BlkioDeviceWriteBps: host.BlkioDeviceWriteBps ?? null,
    BlkioDeviceReadIOps: host.BlkioDeviceReadIOps ?? null,
    BlkioDeviceWriteIOps: host.BlkioDeviceWriteIOps ?? null,
    CpuPeriod: host.CpuPeriod ?? 0,
    CpuQuota: host.CpuQuota ?? 0,
    CpuRealtimePeriod: host.CpuRealtimePeriod ?? 0,
    CpuRealtimeRuntime: host.CpuRealtimeRuntime ?? 0,
    CpusetCpus: host.CpusetCpus ?? "",
    CpusetMems: host.CpusetMems ?? "",
    Devices: host.Devices ?? null,
    DeviceCgroupRules: host.DeviceCgroupRules ?? null,
    DeviceRequests: host.DeviceRequests?.map(deviceRequestView) ?? null,
    ...(isBefore(version, "1.42") ? { KernelMemory: host.KernelMemory ?? 0, KernelMemoryTCP: 0 } : {}),
    MemoryReservation: host.MemoryReservation ?? 0,
    MemorySwap: host.MemorySwap ?? 0,
    MemorySwappiness: host.MemorySwappiness === -1 ? null : (host.MemorySwappiness ?? null),
    OomKillDisable: host.OomKillDisable === undefined ? false : host.OomKillDisable, // null on cgroup v2
    PidsLimit: host.PidsLimit ?? null,
    Ulimits: host.Ulimits ?? null,
    CpuCount: host.CpuCount ?? 0,
    CpuPercent: host.CpuPercent ?? 0,
    IOMaximumIOps: host.IOMaximumIOps ?? 0,
    IOMaximumBandwidth: host.IOMaximumBandwidth ?? 0,
    ...whenAny({ HugepageLimits: host.HugepageLimits }),
  };
}

function deviceRequestView(request: NonNullable<HostConfig["DeviceRequests"]>[number]) {
  return {
    Driver: request.Driver ?? "",
    Count: request.Count ?? 0,
    DeviceIDs: request.DeviceIDs ?? null,
    Capabilities: request.Capabilities ?? null,
    Options: request.Options ?? null,
  };
}

/** The fields that have something in them. */
function whenAny<T extends Partial<Record<keyof HostConfig, object | null | undefined>>>(
  fields: T,
): Partial<T> {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => value && Object.keys(value).length > 0),
  ) as Partial<T>;
}

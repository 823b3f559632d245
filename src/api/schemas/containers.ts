import { Type } from "@sinclair/typebox";
import type { HostConfig, MountSpec, RestartPolicy } from "#spec/docker/containers.ts";
import { ConsoleSizeSchema } from "./exec.ts";
import {
  fields,
  keySet,
  mapOf,
  nullable,
  text,
  textMap,
  texts,
  textsOrText,
  uint16,
  whole,
  yesNo,
} from "./kinds.ts";
import { EndpointsSchema } from "./networks.ts";

const health = fields({
  Test: textsOrText,
  Interval: whole,
  Timeout: whole,
  StartPeriod: whole,
  StartInterval: whole,
  Retries: whole,
});

export const ContainerConfigSchema = fields({
  Hostname: text,
  Domainname: text,
  User: text,
  AttachStdin: yesNo,
  AttachStdout: yesNo,
  AttachStderr: yesNo,
  ExposedPorts: keySet,
  Tty: yesNo,
  OpenStdin: yesNo,
  StdinOnce: yesNo,
  Env: texts,
  Cmd: textsOrText,
  Healthcheck: health,
  ArgsEscaped: yesNo,
  Image: text,
  Volumes: keySet,
  WorkingDir: text,
  Entrypoint: textsOrText,
  NetworkDisabled: yesNo,
  MacAddress: text,
  OnBuild: texts,
  Labels: textMap,
  StopSignal: text,
  StopTimeout: whole,
  Shell: textsOrText,
});

/** What they may be is checked where they are used, with the words that clients know. */
const restartPolicyName = Type.Unsafe<NonNullable<RestartPolicy["Name"]>>(text);
const mountType = Type.Unsafe<NonNullable<MountSpec["Type"]>>(text);
const cgroupnsMode = Type.Unsafe<NonNullable<HostConfig["CgroupnsMode"]>>(text);

const restartPolicy = fields({
  Name: restartPolicyName,
  MaximumRetryCount: whole,
});

const throttles = Type.Array(fields({ Path: text, Rate: whole }));

const resources = fields({
  CpuShares: whole,
  Memory: whole,
  CgroupParent: text,
  BlkioWeight: uint16,
  BlkioWeightDevice: Type.Array(fields({ Path: text, Weight: uint16 })),
  BlkioDeviceReadBps: throttles,
  BlkioDeviceWriteBps: throttles,
  BlkioDeviceReadIOps: throttles,
  BlkioDeviceWriteIOps: throttles,
  CpuPeriod: whole,
  CpuQuota: whole,
  CpuRealtimePeriod: whole,
  CpuRealtimeRuntime: whole,
  CpusetCpus: text,
  CpusetMems: text,
  Devices: Type.Array(fields({ PathOnHost: text, PathInContainer: text, CgroupPermissions: text })),
  DeviceCgroupRules: texts,
  DeviceRequests: Type.Array(
    fields({
      Driver: text,
      Count: whole,
      DeviceIDs: texts,
      Capabilities: Type.Array(texts),
      Options: textMap,
    }),
  ),
  KernelMemory: whole,
  KernelMemoryTCP: whole,
  MemoryReservation: whole,
  MemorySwap: whole,
  MemorySwappiness: whole,
  NanoCpus: whole,
  OomKillDisable: yesNo,
  Init: yesNo,
  PidsLimit: whole,
  Ulimits: Type.Array(fields({ Name: text, Soft: whole, Hard: whole })),
  CpuCount: whole,
  CpuPercent: whole,
  IOMaximumIOps: whole,
  IOMaximumBandwidth: whole,
  HugepageLimits: Type.Array(fields({ PageSize: text, Limit: whole })),
});

const mount = fields({
  Target: text,
  Source: text,
  Type: mountType,
  ReadOnly: yesNo,
  Consistency: text,
  BindOptions: fields({
    Propagation: text,
    NonRecursive: yesNo,
    CreateMountpoint: yesNo,
    ReadOnlyNonRecursive: yesNo,
    ReadOnlyForceRecursive: yesNo,
    IDMap: text,
  }),
  VolumeOptions: fields({
    NoCopy: yesNo,
    Labels: textMap,
    DriverConfig: fields({ Name: text, Options: textMap }),
    Subpath: text,
  }),
  ImageOptions: fields({ Subpath: text }),
  TmpfsOptions: fields({ SizeBytes: whole, Mode: whole, Options: Type.Array(texts) }),
});

/** "80/tcp" to host sides. */
export const PortMapSchema = mapOf(nullable(Type.Array(fields({ HostIp: text, HostPort: text }))));

const hostConfig = fields({
  ...resources.properties,
  Binds: texts,
  ContainerIDFile: text,
  LogConfig: fields({ Type: text, Config: textMap }),
  NetworkMode: text,
  PortBindings: PortMapSchema,
  RestartPolicy: restartPolicy,
  AutoRemove: yesNo,
  VolumeDriver: text,
  VolumesFrom: texts,
  Mounts: Type.Array(mount),
  ConsoleSize: ConsoleSizeSchema,
  Annotations: textMap,
  /** Of API 1.40 only; present here so that it can be refused. */
  Capabilities: texts,
  CapAdd: textsOrText,
  CapDrop: textsOrText,
  CgroupnsMode: cgroupnsMode,
  Dns: texts,
  DnsOptions: texts,
  DnsSearch: texts,
  ExtraHosts: texts,
  GroupAdd: texts,
  IpcMode: text,
  Cgroup: text,
  Links: texts,
  OomScoreAdj: whole,
  PidMode: text,
  Privileged: yesNo,
  PublishAllPorts: yesNo,
  ReadonlyRootfs: yesNo,
  SecurityOpt: texts,
  StorageOpt: textMap,
  Tmpfs: textMap,
  UTSMode: text,
  UsernsMode: text,
  ShmSize: whole,
  Sysctls: textMap,
  Runtime: text,
  Isolation: text,
  MaskedPaths: texts,
  ReadonlyPaths: texts,
});

export const ContainerCreateSchema = fields({
  ...ContainerConfigSchema.properties,
  HostConfig: hostConfig,
  NetworkingConfig: fields({ EndpointsConfig: EndpointsSchema }),
});

export const ContainerUpdateSchema = fields({ ...resources.properties, RestartPolicy: restartPolicy });

export const CheckpointCreateSchema = fields({ CheckpointID: text, CheckpointDir: text, Exit: yesNo });

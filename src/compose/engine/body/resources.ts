/** Limits and devices of a service, as the engine's API has them. */
import type {
  DeviceRequest as ApiDeviceRequest,
  ThrottleDevice as ApiThrottle,
  Resources,
} from "#spec/docker/containers.ts";
import type {
  BlkioConfig,
  Device,
  DeviceRequest,
  ThrottleDevice,
  Ulimit,
} from "../../model/container-types.ts";
import type { Service } from "../../model/types.ts";

const NANOS = 1e9;

/** Values given below `deploy.resources` win over the service's own. */
export function planResources(service: Service): Resources {
  const { limits, reservations } = service.deploy?.resources ?? {};
  const cpus = limits?.cpus ?? service.cpus;
  const pids = positive(limits?.pids) ?? nonZero(service.pids_limit);
  return {
    ...present({
      CgroupParent: service.cgroup_parent,
      Memory: limits?.memory || service.mem_limit,
      MemorySwap: service.memswap_limit,
      MemorySwappiness: nonZero(service.mem_swappiness),
      MemoryReservation: reservations?.memory || service.mem_reservation,
      OomKillDisable: service.oom_kill_disable,
      CpuCount: service.cpu_count,
      CpuPercent: service.cpu_percent === undefined ? undefined : Math.round(service.cpu_percent * 100),
      CpuPeriod: service.cpu_period,
      CpuQuota: service.cpu_quota,
      CpuRealtimePeriod: service.cpu_rt_period,
      CpuRealtimeRuntime: service.cpu_rt_runtime,
      CpuShares: service.cpu_shares,
      CpusetCpus: service.cpuset,
      NanoCpus: cpus === undefined ? undefined : Math.round(cpus * NANOS),
      PidsLimit: pids,
      DeviceCgroupRules: service.device_cgroup_rules && [...service.device_cgroup_rules],
      Ulimits: service.ulimits && Object.entries(service.ulimits).map(([name, limit]) => ulimit(name, limit)),
    }),
    ...planBlkio(service.blkio_config),
    ...planDevices(service.devices ?? [], [
      ...(reservations?.devices ?? []).map((request) => deviceRequest(request)),
      ...(service.gpus ?? []).map((request) => deviceRequest(request, "gpu")),
    ]),
  };
}

function nonZero(value: number | undefined): number | undefined {
  return value === 0 ? undefined : value;
}

function positive(value: number | undefined): number | undefined {
  return value !== undefined && value > 0 ? value : undefined;
}

function ulimit(Name: string, { single = 0, soft, hard }: Ulimit) {
  return { Name, Soft: soft || single, Hard: hard || single };
}

function planBlkio(config: BlkioConfig | undefined): Resources {
  if (!config) return {};
  return present({
    BlkioWeight: config.weight,
    BlkioWeightDevice: config.weight_device?.map(({ path, weight }) => ({ Path: path, Weight: weight })),
    BlkioDeviceReadBps: throttles(config.device_read_bps),
    BlkioDeviceReadIOps: throttles(config.device_read_iops),
    BlkioDeviceWriteBps: throttles(config.device_write_bps),
    BlkioDeviceWriteIOps: throttles(config.device_write_iops),
  });
}

function throttles(devices: readonly ThrottleDevice[] | undefined): ApiThrottle[] | undefined {
  return devices?.map(({ path, rate }) => ({ Path: path, Rate: rate }));
}

/** "vendor.com/class=name": a device of the Container Device Interface. */
const CDI_NAME = /^[A-Za-z][\w.-]*\/[A-Za-z][\w.-]*=[A-Za-z0-9][\w.:-]*$/;

function planDevices(devices: readonly Device[], requests: readonly ApiDeviceRequest[]): Resources {
  const isCdi = ({ source, target }: Device) => (target ?? source) === source && CDI_NAME.test(source);
  const cdi = devices.filter(isCdi);
  const all = [
    ...requests,
    ...(cdi.length > 0 ? [{ Driver: "cdi", DeviceIDs: cdi.map(({ source }) => source) }] : []),
  ];
  const plain = devices.filter((device) => !isCdi(device));
  return {
    ...(all.length > 0 ? { DeviceRequests: all } : {}),
    ...(plain.length > 0 ? { Devices: plain.map(deviceMapping) } : {}),
  };
}

function deviceMapping({ source, target, permissions }: Device) {
  return { PathOnHost: source, PathInContainer: target ?? source, CgroupPermissions: permissions ?? "rwm" };
}

function deviceRequest(request: DeviceRequest, capability?: string): ApiDeviceRequest {
  const { capabilities = [], driver, count, device_ids, options } = request;
  return {
    Capabilities: [capability ? [...capabilities, capability] : [...capabilities]],
    ...present({
      Driver: driver,
      Count: count,
      DeviceIDs: device_ids && [...device_ids],
      Options: options && { ...options },
    }),
  };
}

/** Without the fields that are undefined: the engine's defaults stand for what the file does not say. */
export function present<T extends object>(fields: T): { [K in keyof T]: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]: Exclude<T[K], undefined>;
  };
}

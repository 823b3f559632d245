/** From a service to the request that creates one of its containers. Pure: what has to be looked up is handed in. */
import type {
  ContainerConfig,
  ContainerCreateRequest,
  HealthConfig,
  HostConfig,
  PortMap,
  RestartPolicy,
} from "#spec/docker/containers.ts";
import type { Healthcheck, Project, Service } from "../../model/types.ts";
import type { Labels } from "../labels.ts";
import { type InheritedMounts, planMounts } from "./mounts.ts";
import { planNetworking } from "./networking.ts";
import { planResources, present } from "./resources.ts";
import { planSecurity } from "./security.ts";

export interface BodyOptions {
  /** The container's name in the end: a replacement is created under another and renamed. */
  readonly containerName: string;
  readonly image: string;
  readonly labels: Labels;
  readonly links: readonly string[];
  readonly useAliases: boolean;
  readonly inherited?: InheritedMounts;
  /** Proxy variables of the client's configuration: the service's own win. */
  readonly proxyEnvironment: Readonly<Record<string, string>>;
  /** seccomp profiles by the path the file gives. */
  readonly seccompProfiles: Readonly<Record<string, string>>;
  readonly attachStdin?: boolean;
  readonly autoRemove?: boolean;
}

/** @param service references to other services already replaced by containers */
export function planBody(project: Project, service: Service, options: BodyOptions): ContainerCreateRequest {
  const { mode, endpoints } = planNetworking(project, service, options);
  return {
    ...planConfig(service, options),
    HostConfig: { ...planHostConfig(project, service, options), NetworkMode: mode },
    ...(Object.keys(endpoints).length > 0 ? { NetworkingConfig: { EndpointsConfig: endpoints } } : {}),
  };
}

function planConfig(service: Service, options: BodyOptions): ContainerConfig {
  const { attachStdin = false } = options;
  return present({
    Hostname: service.hostname,
    Domainname: service.domainname,
    User: service.user,
    ExposedPorts: exposedPorts(service),
    Tty: service.tty ?? false,
    OpenStdin: service.stdin_open ?? false,
    StdinOnce: attachStdin && (service.stdin_open ?? false),
    AttachStdin: attachStdin,
    AttachStdout: true,
    AttachStderr: true,
    Cmd: service.command && [...service.command],
    Entrypoint: service.entrypoint && [...service.entrypoint],
    Image: options.image,
    WorkingDir: service.working_dir,
    NetworkDisabled: service.network_mode === "disabled" ? true : undefined,
    Labels: { ...options.labels },
    StopSignal: service.stop_signal,
    StopTimeout: service.stop_grace_period === undefined ? undefined : seconds(service.stop_grace_period),
    Env: environmentList({ ...options.proxyEnvironment, ...service.environment }),
    Healthcheck: planHealthcheck(service.healthcheck),
  });
}

/** Whole seconds; part of one counts as one, as it would otherwise mean no time at all. */
function seconds(nanoseconds: number): number {
  return Math.ceil(nanoseconds / 1e9);
}

/** "NAME=VALUE", sorted; a name alone takes a variable of the image away. */
export function environmentList(environment: Readonly<Record<string, string | null>>): string[] {
  return Object.keys(environment)
    .sort()
    .map((name) => (environment[name] === null ? name : `${name}=${environment[name]}`));
}

function planHealthcheck(check: Healthcheck | undefined): HealthConfig | undefined {
  if (!check) return undefined;
  if (check.disable) return { Test: ["NONE"] };
  return present({
    Test: check.test && [...check.test],
    Interval: check.interval,
    Timeout: check.timeout,
    StartPeriod: check.start_period,
    StartInterval: check.start_interval,
    Retries: check.retries,
  });
}

function planHostConfig(project: Project, service: Service, options: BodyOptions): HostConfig {
  const { binds, mounts } = planMounts(project, service, options.inherited);
  return {
    ...present({
      AutoRemove: options.autoRemove,
      Annotations: service.annotations && { ...service.annotations },
      Binds: binds.length > 0 ? binds : undefined,
      Mounts: mounts.length > 0 ? mounts : undefined,
      PortBindings: portBindings(service),
      RestartPolicy: planRestart(service),
      Links: options.links.length > 0 ? [...options.links] : undefined,
      Init: service.init,
      IpcMode: service.ipc,
      PidMode: service.pid,
      UTSMode: service.uts,
      UsernsMode: service.userns_mode,
      CgroupnsMode: service.cgroup as HostConfig["CgroupnsMode"],
      ShmSize: service.shm_size,
      Sysctls: service.sysctls && { ...service.sysctls },
      VolumeDriver: service.volume_driver,
      VolumesFrom: service.volumes_from && [...service.volumes_from],
      Dns: service.dns && [...service.dns],
      DnsSearch: service.dns_search && [...service.dns_search],
      DnsOptions: service.dns_opt && [...service.dns_opt],
      ExtraHosts: extraHosts(service),
      StorageOpt: service.storage_opt && { ...service.storage_opt },
      Tmpfs: tmpfs(service.tmpfs),
      Isolation: service.isolation,
      Runtime: service.runtime,
      LogConfig: service.logging && {
        Type: service.logging.driver ?? "",
        Config: { ...service.logging.options },
      },
      GroupAdd: service.group_add && [...service.group_add],
      OomScoreAdj: service.oom_score_adj,
    }),
    ...planSecurity(service, options.seccompProfiles),
    ...planResources(service),
  };
}

function extraHosts({ extra_hosts }: Service): string[] | undefined {
  return (
    extra_hosts &&
    Object.entries(extra_hosts).flatMap(([name, addresses]) =>
      addresses.map((address) => `${name}:${address}`),
    )
  );
}

function tmpfs(entries: readonly string[] | undefined): Record<string, string> | undefined {
  return (
    entries &&
    Object.fromEntries(
      entries.map((entry) => {
        const at = entry.indexOf(":");
        return at < 0 ? [entry, ""] : [entry.slice(0, at), entry.slice(at + 1)];
      }),
    )
  );
}

/** Published ports and those of `expose`, whose ranges are written out. */
function exposedPorts({
  ports = [],
  expose = [],
}: Service): Record<string, Record<string, never>> | undefined {
  const all: Record<string, Record<string, never>> = {};
  for (const { target, protocol = "tcp" } of ports) all[`${target}/${protocol}`] = {};
  for (const text of expose) for (const port of expandRange(text)) all[port] = {};
  return Object.keys(all).length > 0 ? all : undefined;
}

function expandRange(text: string): string[] {
  const [range = "", protocol = "tcp"] = text.split("/");
  const [first = "", last = first] = range.split("-");
  const count = Number(last) - Number(first) + 1;
  return Array.from({ length: Math.max(count, 1) }, (_, i) => `${Number(first) + i}/${protocol}`);
}

function portBindings({ ports = [] }: Service): PortMap | undefined {
  if (ports.length === 0) return undefined;
  const bindings: PortMap = {};
  for (const { target, protocol = "tcp", host_ip = "", published = "" } of ports) {
    const key = `${target}/${protocol}`;
    bindings[key] = [...(bindings[key] ?? []), { HostIp: host_ip, HostPort: published }];
  }
  return bindings;
}

const RESTART_NAMES: Readonly<Record<string, RestartPolicy["Name"]>> = {
  none: "no",
  any: "always",
};

/** `deploy.restart_policy` wins over `restart`. */
function planRestart({ restart, deploy }: Service): RestartPolicy | undefined {
  const policy = deploy?.restart_policy;
  if (policy) {
    const condition = policy.condition ?? "";
    return {
      Name: RESTART_NAMES[condition] ?? (condition as RestartPolicy["Name"]),
      MaximumRetryCount: policy.max_attempts ?? 0,
    };
  }
  if (!restart) return undefined;
  const [name = "", attempts] = restart.split(":");
  return {
    Name: RESTART_NAMES[name] ?? (name as RestartPolicy["Name"]),
    MaximumRetryCount: attempts === undefined ? 0 : Number(attempts),
  };
}

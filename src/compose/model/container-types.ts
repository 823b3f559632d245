/** The container as Compose describes it: what services, jobs and `pre_start` have in common, in canonical form. */
import type { Bytes, Environment, Extensions, Nanoseconds, StringMap } from "./types.ts";

export interface ContainerSpec {
  readonly annotations?: StringMap;
  readonly blkio_config?: BlkioConfig;
  readonly cap_add?: readonly string[];
  readonly cap_drop?: readonly string[];
  readonly cgroup_parent?: string;
  /** "host" or "private". */
  readonly cgroup?: string;
  readonly cpu_count?: number;
  readonly cpu_percent?: number;
  /** Microseconds, as the four below. */
  readonly cpu_period?: number;
  readonly cpu_quota?: number;
  readonly cpu_rt_period?: number;
  readonly cpu_rt_runtime?: number;
  /** Fraction of processors. */
  readonly cpus?: number;
  readonly cpuset?: string;
  readonly cpu_shares?: number;
  /** Absent: the image's. Empty: none. */
  readonly command?: readonly string[];
  readonly configs?: readonly FileReference[];
  readonly credential_spec?: { readonly config?: string; readonly file?: string; readonly registry?: string };
  readonly device_cgroup_rules?: readonly string[];
  readonly devices?: readonly Device[];
  readonly dns?: readonly string[];
  readonly dns_opt?: readonly string[];
  readonly dns_search?: readonly string[];
  readonly domainname?: string;
  /** Absent: the image's. Empty: none. */
  readonly entrypoint?: readonly string[];
  readonly environment?: Environment;
  /** Gone when `environment` has taken the values in. */
  readonly env_file?: readonly EnvFile[];
  /** Addresses by host name. */
  readonly extra_hosts?: Readonly<Record<string, readonly string[]>>;
  readonly group_add?: readonly string[];
  readonly gpus?: readonly DeviceRequest[];
  readonly hostname?: string;
  readonly image?: string;
  readonly init?: boolean;
  readonly ipc?: string;
  readonly isolation?: string;
  readonly labels?: StringMap;
  readonly label_file?: readonly string[];
  readonly logging?: { readonly driver?: string; readonly options?: StringMap };
  readonly log_driver?: string;
  readonly log_opt?: StringMap;
  readonly mem_limit?: Bytes;
  readonly mem_reservation?: Bytes;
  readonly memswap_limit?: Bytes;
  /** Percent. */
  readonly mem_swappiness?: number;
  readonly mac_address?: string;
  readonly models?: Readonly<
    Record<string, { readonly endpoint_var?: string; readonly model_var?: string } | null>
  >;
  /** "host", "none", "bridge", "service:NAME", "container:NAME". */
  readonly network_mode?: string;
  /** By the project's name of the network; null when the file says nothing more about it. */
  readonly networks?: Readonly<Record<string, ServiceNetwork | null>>;
  readonly oom_kill_disable?: boolean;
  readonly oom_score_adj?: number;
  readonly pid?: string;
  readonly pids_limit?: number;
  readonly platform?: string;
  readonly privileged?: boolean;
  /** "always", "never", "missing", "if_not_present", "build", "refresh", "daily", "weekly", "every_DURATION". */
  readonly pull_policy?: string;
  readonly pull_refresh_after?: string;
  readonly read_only?: boolean;
  readonly runtime?: string;
  readonly secrets?: readonly FileReference[];
  readonly security_opt?: readonly string[];
  readonly shm_size?: Bytes;
  readonly stop_grace_period?: Nanoseconds;
  readonly stop_signal?: string;
  readonly storage_opt?: StringMap;
  readonly sysctls?: StringMap;
  /** "PATH" or "PATH:OPTIONS". */
  readonly tmpfs?: readonly string[];
  readonly ulimits?: Readonly<Record<string, Ulimit>>;
  readonly use_api_socket?: boolean;
  readonly user?: string;
  readonly userns_mode?: string;
  readonly uts?: string;
  readonly volume_driver?: string;
  readonly volumes?: readonly Mount[];
  /** "SERVICE[:ro]" or "container:NAME[:ro]". */
  readonly volumes_from?: readonly string[];
  readonly working_dir?: string;
}

/** A command run inside the container at `post_start` or `pre_stop`. */
export interface ServiceHook {
  readonly command?: readonly string[];
  readonly user?: string;
  readonly privileged?: boolean;
  readonly working_dir?: string;
  readonly environment?: Environment;
}

export interface BlkioConfig {
  readonly weight?: number;
  readonly weight_device?: readonly { readonly path: string; readonly weight: number }[];
  readonly device_read_bps?: readonly ThrottleDevice[];
  readonly device_read_iops?: readonly ThrottleDevice[];
  readonly device_write_bps?: readonly ThrottleDevice[];
  readonly device_write_iops?: readonly ThrottleDevice[];
}

export interface ThrottleDevice {
  readonly path: string;
  /** Bytes or operations per second. */
  readonly rate: number;
}

/** A secret or config in a container. */
export interface FileReference {
  /** Key under the project's `secrets` or `configs`. */
  readonly source: string;
  /** Absolute, or for a secret a name below /run/secrets. */
  readonly target?: string;
  readonly uid?: string;
  readonly gid?: string;
  /** Permission bits. */
  readonly mode?: number;
}

export interface Device {
  readonly source: string;
  readonly target?: string;
  readonly permissions?: string;
}

export interface EnvFile {
  readonly path: string;
  /** False: the file may be missing. */
  readonly required: boolean;
  /** "raw": values are taken as they stand. */
  readonly format?: string;
}

export interface DeviceRequest {
  readonly capabilities?: readonly string[];
  readonly driver?: string;
  /** -1: all. */
  readonly count?: number;
  readonly device_ids?: readonly string[];
  readonly options?: StringMap;
}

export interface ServiceNetwork {
  readonly aliases?: readonly string[];
  readonly driver_opts?: StringMap;
  readonly gw_priority?: number;
  readonly interface_name?: string;
  readonly ipv4_address?: string;
  readonly ipv6_address?: string;
  readonly link_local_ips?: readonly string[];
  readonly mac_address?: string;
  /** Networks are joined in falling order of it. */
  readonly priority?: number;
}

/** `single` is both limits; otherwise `soft` and `hard`. */
export interface Ulimit {
  readonly single?: number;
  readonly soft?: number;
  readonly hard?: number;
}

export interface Mount {
  readonly type: "bind" | "volume" | "tmpfs" | "image" | "npipe" | "cluster";
  /** A host path, an image, or a key of the project's `volumes`; absent for anonymous volumes. */
  readonly source?: string;
  readonly target: string;
  readonly read_only?: boolean;
  readonly consistency?: string;
  readonly bind?: {
    readonly selinux?: string;
    readonly propagation?: string;
    /** Whether a missing source is made. */
    readonly create_host_path: boolean;
    /** "disabled", "enabled", "writable", "readonly". */
    readonly recursive?: string;
    /** "x-idmap": whose ids the container's are mapped to, "owner" or UID-GID. */
    readonly extensions?: Extensions;
  };
  readonly volume?: { readonly labels?: StringMap; readonly nocopy?: boolean; readonly subpath?: string };
  readonly tmpfs?: { readonly size?: Bytes; readonly mode?: number };
  readonly image?: { readonly subpath?: string };
  readonly extensions?: Extensions;
}

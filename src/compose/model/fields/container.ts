/** A container's attributes in order. */
import {
  command,
  environment,
  type Field,
  field,
  hosts,
  list,
  map,
  object,
  stringMap,
  strings,
} from "./kind.ts";

const throttle = list(
  object([
    { ...field("path", "string", "never"), json: "Path" },
    { ...field("rate", "bytes", "never"), json: "Rate" },
  ]),
);

const blkio = object([
  field("weight", "integer"),
  field(
    "weight_device",
    list(
      object([
        { ...field("path", "string", "never"), json: "Path" },
        { ...field("weight", "integer", "never"), json: "Weight" },
      ]),
    ),
  ),
  field("device_read_bps", throttle),
  field("device_read_iops", throttle),
  field("device_write_bps", throttle),
  field("device_write_iops", throttle),
]);

export const fileReference = object([
  field("source", "string"),
  field("target", "string"),
  field("uid", "string"),
  field("gid", "string"),
  field("mode", "mode", "absent"),
]);

export const deviceRequest = object([
  field("capabilities", strings),
  field("driver", "string"),
  field("count", "count"),
  field("device_ids", strings),
  field("options", stringMap),
]);

const device = object([field("source", "string"), field("target", "string"), field("permissions", "string")]);

const envFile = object([
  field("path", "string"),
  field("required", "boolean", "true"),
  field("format", "string"),
]);

const serviceNetwork = object([
  field("aliases", strings),
  field("driver_opts", stringMap),
  field("gw_priority", "integer"),
  field("interface_name", "string"),
  field("ipv4_address", "string"),
  field("ipv6_address", "string"),
  field("link_local_ips", strings),
  field("mac_address", "string"),
  field("priority", "integer"),
]);

const mount = object([
  field("type", "string"),
  field("source", "string"),
  field("target", "string"),
  field("read_only", "boolean"),
  field("consistency", "string"),
  field(
    "bind",
    object([
      field("selinux", "string"),
      field("propagation", "string"),
      field("create_host_path", "boolean", "true"),
      field("recursive", "string"),
    ]),
    "absent",
  ),
  field(
    "volume",
    object([field("labels", stringMap), field("nocopy", "boolean"), field("subpath", "string")]),
    "absent",
  ),
  field("tmpfs", object([field("size", "bytes"), field("mode", "integer")]), "absent"),
  field("image", object([field("subpath", "string")]), "absent"),
]);

const serviceModel = object([field("endpoint_var", "string"), field("model_var", "string")]);

export const ulimits = map({ is: "ulimit" });

export const CONTAINER_FIELDS: readonly Field[] = [
  field("annotations", stringMap),
  field("blkio_config", blkio, "absent"),
  field("cap_add", strings),
  field("cap_drop", strings),
  field("cgroup_parent", "string"),
  field("cgroup", "string"),
  field("cpu_count", "integer"),
  field("cpu_percent", "float32"),
  field("cpu_period", "integer"),
  field("cpu_quota", "integer"),
  field("cpu_rt_period", "integer"),
  field("cpu_rt_runtime", "integer"),
  field("cpus", "float32"),
  field("cpuset", "string"),
  field("cpu_shares", "integer"),
  field("command", command, "absent"),
  field("configs", list(fileReference)),
  field(
    "credential_spec",
    object([field("config", "string"), field("file", "string"), field("registry", "string")]),
    "absent",
  ),
  field("device_cgroup_rules", strings),
  field("devices", list(device)),
  field("dns", strings),
  field("dns_opt", strings),
  field("dns_search", strings),
  field("domainname", "string"),
  field("entrypoint", command, "absent"),
  field("environment", environment),
  field("env_file", list(envFile)),
  field("extra_hosts", hosts),
  field("group_add", strings),
  field("gpus", list(deviceRequest)),
  field("hostname", "string"),
  field("image", "string"),
  field("init", "boolean", "absent"),
  field("ipc", "string"),
  field("isolation", "string"),
  field("labels", stringMap),
  field("label_file", strings),
  field("logging", object([field("driver", "string"), field("options", stringMap)]), "absent"),
  field("log_driver", "string"),
  field("log_opt", stringMap),
  field("mem_limit", "bytes"),
  field("mem_reservation", "bytes"),
  field("memswap_limit", "bytes"),
  field("mem_swappiness", "bytes"),
  field("mac_address", "string"),
  field("models", map(serviceModel, true)),
  field("network_mode", "string"),
  field("networks", map(serviceNetwork, true)),
  field("oom_kill_disable", "boolean"),
  field("oom_score_adj", "integer"),
  field("pid", "string"),
  field("pids_limit", "integer"),
  field("platform", "string"),
  field("privileged", "boolean"),
  field("pull_policy", "string"),
  field("pull_refresh_after", "string"),
  field("read_only", "boolean"),
  field("runtime", "string"),
  field("secrets", list(fileReference)),
  field("security_opt", strings),
  field("shm_size", "bytes"),
  field("stop_grace_period", "duration", "absent"),
  field("stop_signal", "string"),
  field("storage_opt", stringMap),
  field("sysctls", stringMap),
  field("tmpfs", strings),
  field("ulimits", ulimits),
  field("use_api_socket", "boolean"),
  field("user", "string"),
  field("userns_mode", "string"),
  field("uts", "string"),
  field("volume_driver", "string"),
  field("volumes", list(mount)),
  field("volumes_from", strings),
  field("working_dir", "string"),
];

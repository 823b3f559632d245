/**
 * The digests by which Compose decides whether a container, network or volume is still what its project asks for: the
 * labels `com.docker.compose.config-hash`. The same bytes are hashed as `docker compose` hashes, so that either tool
 * takes over the other's projects without making anything anew. Pure.
 */
import { createHash } from "node:crypto";
import type { Field } from "./fields/kind.ts";
import { NETWORK_FIELDS, VOLUME_FIELDS } from "./fields/project.ts";
import { SERVICE_FIELDS } from "./fields/service.ts";
import { compareBytes } from "./merge.ts";
import { printJson } from "./print-json.ts";
import { printFields } from "./print-tree.ts";
import type { Network, Service, Volume } from "./types.ts";

/** Top-level keys in the order they are hashed in, which is older than the order they are printed in. */
const SERVICE_KEY_ORDER: readonly string[] = [
  ...["profiles", "annotations", "attach", "build", "develop", "blkio_config", "cap_add", "cap_drop"],
  ...["cgroup_parent", "cgroup", "cpu_count", "cpu_percent", "cpu_period", "cpu_quota", "cpu_rt_period"],
  ...["cpu_rt_runtime", "cpus", "cpuset", "cpu_shares", "command", "configs", "container_name"],
  ...["credential_spec", "depends_on", "deploy", "device_cgroup_rules", "devices", "dns", "dns_opt"],
  ...[
    "dns_search",
    "dockerfile",
    "domainname",
    "entrypoint",
    "provider",
    "environment",
    "env_file",
    "expose",
  ],
  ...["extends", "external_links", "extra_hosts", "group_add", "gpus", "hostname", "healthcheck", "image"],
  ...["init", "ipc", "isolation", "labels", "label_file", "links", "logging", "log_driver", "log_opt"],
  ...["mem_limit", "mem_reservation", "memswap_limit", "mem_swappiness", "mac_address", "models", "net"],
  ...["network_mode", "networks", "oom_kill_disable", "oom_score_adj", "pid", "pids_limit", "platform"],
  ...["ports", "privileged", "pull_policy", "read_only", "restart", "runtime", "scale", "secrets"],
  ...["security_opt", "shm_size", "stdin_open", "stop_grace_period", "stop_signal", "storage_opt", "sysctls"],
  ...["tmpfs", "tty", "ulimits", "use_api_socket", "user", "userns_mode", "uts", "volume_driver", "volumes"],
  ...["volumes_from", "working_dir", "pre_start", "post_start", "pre_stop", "pull_refresh_after"],
];

/**
 * @param service with its environment resolved
 * @returns 64 hexadecimal digits; how often the service runs, how it is built and whom it depends on do not count
 */
export function serviceHash(service: Service): string {
  const { build: _, pull_policy: __, scale: ___, depends_on: ____, profiles: _____, ...rest } = service;
  const counted = rest.deploy ? { ...rest, deploy: { ...rest.deploy, replicas: undefined } } : rest;
  const fields = [...SERVICE_FIELDS].sort((a, b) => rank(a.key) - rank(b.key) || compareBytes(a.key, b.key));
  return digestOf(counted, fields);
}

export function networkHash(network: Network): string {
  return digestOf(network, NETWORK_FIELDS);
}

export function volumeHash(volume: Volume): string {
  return digestOf({ ...volume, driver: volume.driver || "local" }, VOLUME_FIELDS);
}

function rank(key: string): number {
  const at = SERVICE_KEY_ORDER.indexOf(key);
  return at < 0 ? SERVICE_KEY_ORDER.length : at;
}

function digestOf(value: object, fields: readonly Field[]): string {
  const json = printJson(printFields(value, fields, { format: "json", order: compareBytes }));
  return createHash("sha256").update(json).digest("hex");
}

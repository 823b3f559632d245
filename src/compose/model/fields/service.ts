/** Services, jobs and what stands below them, in order. */
import { CONTAINER_FIELDS, deviceRequest, fileReference, ulimits } from "./container.ts";
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

const build = object([
  field("context", "string"),
  field("dockerfile", "string"),
  field("dockerfile_inline", "string"),
  field("entitlements", strings),
  field("args", environment),
  field("provenance", "string"),
  field("sbom", "string"),
  field("ssh", { is: "ssh" }),
  field("labels", stringMap),
  field("cache_from", strings),
  field("cache_to", strings),
  field("no_cache", "boolean"),
  field("no_cache_filter", strings),
  field("additional_contexts", stringMap),
  field("pull", "boolean"),
  field("extra_hosts", hosts),
  field("isolation", "string"),
  field("network", "string"),
  field("target", "string"),
  field("secrets", list(fileReference)),
  field("shm_size", "bytes"),
  field("tags", strings),
  field("ulimits", ulimits),
  field("platforms", strings),
  field("privileged", "boolean"),
]);

const hookFields: readonly Field[] = [
  field("command", command, "absent"),
  field("user", "string"),
  field("privileged", "boolean"),
  field("working_dir", "string"),
  field("environment", environment),
];
const hook = object(hookFields);

const dependency = object([
  field("condition", "string"),
  field("restart", "boolean"),
  field("required", "boolean", "never"),
]);

const healthcheck = object([
  field("test", { is: "healthTest" }),
  field("timeout", "duration", "absent"),
  field("interval", "duration", "absent"),
  field("retries", "integer", "absent"),
  field("start_period", "duration", "absent"),
  field("start_interval", "duration", "absent"),
  field("disable", "boolean"),
]);

const port = object([
  field("name", "string"),
  field("mode", "string"),
  field("host_ip", "string"),
  field("target", "integer"),
  field("published", "string"),
  field("protocol", "string"),
  field("app_protocol", "string"),
]);

const WORKLOAD_FIELDS: readonly Field[] = [
  field("build", build, "absent"),
  field("depends_on", map(dependency)),
  field("dockerfile", "string"),
  field("expose", strings),
  field("healthcheck", healthcheck, "absent"),
  field("ports", list(port)),
  field("stdin_open", "boolean"),
  field("tty", "boolean"),
];

const develop = object([
  field(
    "watch",
    list(
      object([
        field("path", "string", "never"),
        field("action", "string", "never"),
        field("target", "string"),
        field("exec", object(hookFields, "value")),
        field("include", strings),
        field("ignore", strings),
        field("initial_sync", "boolean"),
      ]),
    ),
  ),
]);

const update = object([
  field("parallelism", "integer", "absent"),
  field("delay", "duration"),
  field("failure_action", "string"),
  field("monitor", "duration"),
  field("max_failure_ratio", "float32"),
  field("order", "string"),
]);

const resources = object([
  field("cpus", "float32"),
  field("memory", "bytes"),
  field("pids", "integer"),
  field("devices", list(deviceRequest)),
  field(
    "generic_resources",
    list(
      object([
        field(
          "discrete_resource_spec",
          object([field("kind", "string", "never"), field("value", "integer", "never")]),
          "absent",
        ),
      ]),
    ),
  ),
]);

const deploy = object([
  field("mode", "string"),
  field("replicas", "integer", "absent"),
  field("labels", stringMap),
  field("update_config", update, "absent"),
  field("rollback_config", update, "absent"),
  field(
    "resources",
    object([field("limits", resources, "absent"), field("reservations", resources, "absent")], "value"),
  ),
  field(
    "restart_policy",
    object([
      field("condition", "string"),
      field("delay", "duration", "absent"),
      field("max_attempts", "integer", "absent"),
      field("window", "duration", "absent"),
    ]),
    "absent",
  ),
  field(
    "placement",
    object(
      [
        field("constraints", strings),
        field("preferences", list(object([field("spread", "string")]))),
        field("max_replicas_per_node", "integer"),
      ],
      "value",
    ),
  ),
  field("endpoint_mode", "string"),
]);

export const SERVICE_FIELDS: readonly Field[] = [
  field("profiles", strings),
  field("deploy", deploy, "absent"),
  field("develop", develop, "absent"),
  field("restart", "string"),
  field("scale", "integer", "absent"),
  field("attach", "boolean", "absent"),
  field("container_name", "string"),
  field("provider", object([field("type", "string"), field("options", { is: "multiMap" })]), "absent"),
  field("external_links", strings),
  field("links", strings),
  field("pre_start", list(object([...CONTAINER_FIELDS, field("per_replica", "boolean")]))),
  field("post_start", list(hook)),
  field("pre_stop", list(hook)),
  ...CONTAINER_FIELDS,
  ...WORKLOAD_FIELDS,
];

const schedule = object([
  field("cron", "string"),
  field("timezone", "string"),
  field("concurrency", "string"),
  field("missed_fires", "string"),
]);

export const JOB_FIELDS: readonly Field[] = [
  field("profiles", strings),
  field(
    "triggers",
    object([field("manual", "boolean", "absent"), field("schedule", list(schedule))]),
    "absent",
  ),
  ...CONTAINER_FIELDS,
  ...WORKLOAD_FIELDS,
];

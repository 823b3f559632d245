/** What a project has beside services, in order. */
import { type Field, field, list, object, stringMap, strings } from "./kind.ts";

const pool = object([
  field("subnet", "string"),
  field("gateway", "string"),
  field("ip_range", "string"),
  field("aux_addresses", stringMap),
]);

export const NETWORK_FIELDS: readonly Field[] = [
  field("name", "string"),
  field("driver", "string"),
  field("driver_opts", stringMap),
  field(
    "ipam",
    object([field("driver", "string"), field("config", list(pool)), field("options", stringMap)], "value"),
  ),
  field("external", "boolean"),
  field("internal", "boolean"),
  field("attachable", "boolean"),
  field("labels", stringMap),
  field("enable_ipv4", "boolean", "absent"),
  field("enable_ipv6", "boolean", "absent"),
];

export const VOLUME_FIELDS: readonly Field[] = [
  field("name", "string"),
  field("driver", "string"),
  field("driver_opts", stringMap),
  field("external", "boolean"),
  field("labels", stringMap),
];

export const FILE_OBJECT_FIELDS: readonly Field[] = [
  field("name", "string"),
  field("file", "string"),
  field("environment", "string"),
  field("content", "string"),
  field("external", "boolean"),
  field("labels", stringMap),
  field("driver", "string"),
  field("driver_opts", stringMap),
  field("template_driver", "string"),
];

export const MODEL_FIELDS: readonly Field[] = [
  field("name", "string"),
  field("model", "string"),
  field("context_size", "integer"),
  field("runtime_flags", strings),
];

/** What the specification says when an attribute of a list's entry is not given. */
import { goText } from "./go-text.ts";
import { below, pathTable, WORKLOADS } from "./path-table.ts";
import { isMap, type Path, type Tree, type TreeMap } from "./tree.ts";

const DEFAULTS = pathTable<(map: TreeMap) => void>({
  ...below<(map: TreeMap) => void>(WORKLOADS, {
    build: (build) => {
      build.context ??= ".";
    },
    "secrets.*": (secret) => {
      secret.target ??= `/run/secrets/${goText(secret.source ?? "")}`;
    },
    "ports.*": (port) => {
      port.protocol ??= "tcp";
      port.mode ??= "ingress";
    },
    "gpus.*": deviceRequest,
    "volumes.*.bind": (bind) => {
      bind.create_host_path ??= true;
    },
  }),
  "services.*.deploy.resources.reservations.devices.*": deviceRequest,
});

function deviceRequest(request: TreeMap): void {
  if (request.count === undefined && request.device_ids === undefined) request.count = "all";
}

export function setDefaults(root: TreeMap): void {
  walk(root, []);
}

function walk(value: Tree, path: Path): void {
  if (typeof value !== "object" || value === null) return;
  const apply = DEFAULTS.find(path);
  if (apply && isMap(value)) apply(value);
  if (!DEFAULTS.leadsOn(path)) return;
  for (const key of Object.keys(value))
    walk((value as TreeMap)[key]!, [...path, Array.isArray(value) ? Number(key) : key]);
}

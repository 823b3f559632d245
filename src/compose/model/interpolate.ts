/** Replaces variables in every string of a tree and gives attributes that are numbers or booleans their type. */
import { ComposeFileError } from "./errors.ts";
import { below, CONTAINERS, pathTable, WORKLOADS } from "./path-table.ts";
import { substitute, TemplateError, type TemplateOptions } from "./template.ts";
import type { Path, Places, Tree, TreeMap } from "./tree.ts";

export interface InterpolateOptions extends TemplateOptions {
  readonly places: Places;
  readonly warn: (text: string) => void;
}

type Cast = "integer" | "number" | "boolean";

const CASTS = pathTable<Cast>({
  ...below(["networks.*"], {
    external: "boolean",
    internal: "boolean",
    attachable: "boolean",
    enable_ipv4: "boolean",
    enable_ipv6: "boolean",
  }),
  ...below(["volumes.*", "secrets.*", "configs.*"], { external: "boolean" }),
  ...below<Cast>(CONTAINERS, {
    cpu_count: "integer",
    cpu_percent: "number",
    cpu_period: "integer",
    cpu_quota: "integer",
    cpu_rt_period: "integer",
    cpu_rt_runtime: "integer",
    cpus: "number",
    cpu_shares: "integer",
    init: "boolean",
    oom_kill_disable: "boolean",
    oom_score_adj: "integer",
    pids_limit: "integer",
    privileged: "boolean",
    read_only: "boolean",
    "ulimits.*": "integer",
    "ulimits.*.hard": "integer",
    "ulimits.*.soft": "integer",
    "volumes.*.read_only": "boolean",
    "volumes.*.volume.nocopy": "boolean",
  }),
  ...below<Cast>(WORKLOADS, {
    "depends_on.*.required": "boolean",
    "depends_on.*.restart": "boolean",
    "healthcheck.retries": "integer",
    "healthcheck.disable": "boolean",
    "ports.*.target": "integer",
    stdin_open: "boolean",
    tty: "boolean",
  }),
  ...below<Cast>(["services.*"], {
    "deploy.replicas": "integer",
    "deploy.update_config.parallelism": "integer",
    "deploy.update_config.max_failure_ratio": "number",
    "deploy.rollback_config.parallelism": "integer",
    "deploy.rollback_config.max_failure_ratio": "number",
    "deploy.restart_policy.max_attempts": "integer",
    "deploy.placement.max_replicas_per_node": "integer",
    scale: "integer",
  }),
});

/** Every string that fails is reported, in the order of the document. */
export function interpolate(root: TreeMap, options: InterpolateOptions): void {
  const failures: ComposeFileError[] = [];
  walk(root, [], (text, path) => {
    try {
      return cast(substitute(text, options), path, options.warn);
    } catch (error) {
      failures.push(failureAt(error, root, path, options.places));
      return text;
    }
  });
  if (failures.length === 1) throw failures[0];
  if (failures.length > 1) {
    const [first, ...more] = failures;
    const others = more.map((failure) => failure.message).join("\n");
    throw new ComposeFileError(`${first!.message}\n${others}`, { hint: first!.hint });
  }
}

function walk(container: Tree, path: Path, replace: (text: string, path: Path) => Tree): void {
  if (typeof container !== "object" || container === null) return;
  const isList = Array.isArray(container);
  for (const key of Object.keys(container)) {
    const at = isList ? Number(key) : key;
    const value = (container as TreeMap)[key]!;
    if (typeof value === "string") (container as TreeMap)[key] = replace(value, [...path, at]);
    else walk(value, [...path, at], replace);
  }
}

function failureAt(error: unknown, root: TreeMap, path: Path, places: Places): ComposeFileError {
  const reason = (error as Error).message;
  if (!(error instanceof TemplateError))
    return places.error(`failed to cast to expected type: ${reason}`, root, path);
  if (error.problem === "required") return places.error(reason, root, path);
  const hint = "a dollar sign that is meant is written twice: $$";
  return places.error(`invalid interpolation format: ${JSON.stringify(reason)}`, root, path, hint);
}

function cast(text: string, path: Path, warn: (text: string) => void): Tree {
  const wanted = CASTS.find(path);
  if (wanted === undefined) return text;
  if (wanted === "boolean") return readBoolean(text, warn);
  return wanted === "integer" ? readInteger(text) : readNumber(text);
}

export function readBoolean(text: string, warn: (text: string) => void): boolean {
  switch (text.toLowerCase()) {
    case "true":
      return true;
    case "false":
      return false;
    case "y":
    case "yes":
    case "on":
      warn(`"${text}" for boolean is not supported by YAML 1.2, please use \`true\``);
      return true;
    case "n":
    case "no":
    case "off":
      warn(`"${text}" for boolean is not supported by YAML 1.2, please use \`false\``);
      return false;
    default:
      throw new Error(`invalid boolean: ${text}`);
  }
}

export function readInteger(text: string): number {
  if (!/^[-+]?\d+$/.test(text)) throw new Error(`"${text}" is not an integer`);
  return Number(text);
}

export function readNumber(text: string): number {
  if (!/^[-+]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][-+]?\d+)?$/.test(text))
    throw new Error(`"${text}" is not a number`);
  return Number(text);
}

import { InvalidArgument } from "#base/errors.ts";
import { parseBytes } from "#base/units.ts";
import type { ContainerConfig, LogConfig } from "#spec/docker/containers.ts";

/** Where and how much a container's output is kept; undefined: nowhere. */
export interface LogPlan {
  readonly maxBytes: number;
  readonly maxFiles: number;
  readonly attrs: Readonly<Record<string, string>>;
}

export interface LogSubject {
  readonly id: string;
  readonly name: string;
  readonly imageName: string;
  readonly config: Pick<ContainerConfig, "Labels" | "Env">;
}

/**
 * Drivers and what each keeps when no option says so. Docker keeps json-file logs for ever; ours are bounded, so that
 * a chatty container cannot fill the disk. "local" is written in the same format.
 */
const DRIVERS: Readonly<
  Record<string, { readonly maxBytes: number; readonly maxFiles: number } | undefined>
> = {
  "json-file": { maxBytes: 100 * 1024 * 1024, maxFiles: 5 },
  local: { maxBytes: 20 * 1024 * 1024, maxFiles: 5 },
  none: undefined,
};

const OPTIONS = [
  "max-size",
  "max-file",
  "compress",
  "labels",
  "labels-regex",
  "env",
  "env-regex",
  "tag",
  "mode",
  "max-buffer-size",
] as const;

/** @throws InvalidArgument with Docker's texts */
export function checkLogConfig(config: LogConfig): void {
  const driver = config.Type ?? "";
  if (!Object.hasOwn(DRIVERS, driver))
    throw new InvalidArgument(`logger: no log driver named '${driver}' is registered`);
  for (const [option, value] of Object.entries(config.Config ?? {})) checkOption(driver, option, value);
}

function checkOption(driver: string, option: string, value: string): void {
  if (!(OPTIONS as readonly string[]).includes(option))
    throw new InvalidArgument(`unknown log opt '${option}' for ${driver} log driver`);
  if (option === "max-size" && value !== "-1") parseBytes(value);
  if (option === "max-file" && !/^[1-9]\d{0,2}$/.test(value))
    throw new InvalidArgument(
      `invalid value for "max-file" log opt: ${value}: expected a number from 1 to 999`,
    );
  if (option.endsWith("-regex")) checkPattern(option, value);
}

function checkPattern(option: string, value: string): void {
  try {
    new RegExp(value);
  } catch (error) {
    throw new InvalidArgument(`invalid value for "${option}" log opt: ${(error as Error).message}`);
  }
}

/** @param config checked by `checkLogConfig` */
export function planLog(config: LogConfig, subject: LogSubject): LogPlan | undefined {
  const bounds = DRIVERS[config.Type ?? ""];
  if (!bounds) return undefined;
  const options = config.Config ?? {};
  const maxSize = options["max-size"];
  return {
    maxBytes: maxSize === undefined ? bounds.maxBytes : maxSize === "-1" ? 0 : parseBytes(maxSize),
    maxFiles: Number(options["max-file"] ?? (maxSize === undefined ? bounds.maxFiles : 1)),
    attrs: planAttrs(options, subject),
  };
}

/** Whether `logs` can read what this driver wrote. */
export function isReadable(config: LogConfig | undefined): boolean {
  return DRIVERS[config?.Type ?? ""] !== undefined;
}

/** Attributes every line carries: chosen labels and variables, and the tag. */
function planAttrs(options: Readonly<Record<string, string>>, subject: LogSubject): Record<string, string> {
  const labels = subject.config.Labels ?? {};
  const variables = Object.fromEntries((subject.config.Env ?? []).map(splitVariable));
  return {
    ...choose(labels, options.labels, options["labels-regex"]),
    ...choose(variables, options.env, options["env-regex"]),
    ...(options.tag ? { tag: fillTag(options.tag, subject) } : {}),
  };
}

function splitVariable(text: string): [string, string] {
  const equals = text.indexOf("=");
  return equals < 0 ? [text, ""] : [text.slice(0, equals), text.slice(equals + 1)];
}

function choose(
  values: Readonly<Record<string, string>>,
  names: string | undefined,
  pattern: string | undefined,
): Record<string, string> {
  const wanted = new Set((names ?? "").split(",").map((name) => name.trim()));
  const matches = pattern ? new RegExp(pattern) : undefined;
  return Object.fromEntries(
    Object.entries(values).filter(([name]) => wanted.has(name) || matches?.test(name)),
  );
}

/** The fields of Docker's log tag templates that a container can fill. */
function fillTag(template: string, subject: LogSubject): string {
  const fields: Readonly<Record<string, string>> = {
    ID: subject.id.slice(0, 12),
    FullID: subject.id,
    Name: subject.name,
    ImageName: subject.imageName,
    DaemonName: "docker",
  };
  return template.replace(/\{\{\s*\.(\w+)\s*\}\}/g, (whole, field: string) => fields[field] ?? whole);
}

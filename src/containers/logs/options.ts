/** What a container's log configuration asks for: checked at its creation, planned at each start. */
import { join } from "node:path";
import { InvalidArgument } from "#base/errors.ts";
import { parseBytes } from "#base/units.ts";
import type { LogConfig } from "#spec/docker/containers.ts";
import { REMOTE_DRIVERS } from "./drivers/remote.ts";
import type { LogFormatName } from "./format.ts";
import {
  ATTRIBUTE_OPTIONS,
  checkKnown,
  explain,
  type LogOptions,
  parseDecimalBytes,
  parsePattern,
  parseWhole,
  parseYesNo,
} from "./option-values.ts";
import { chosenAttributes, type LogSubject, tagOf } from "./subject.ts";
import { fillTag } from "./tag.ts";

/** Where and how much of a container's output is kept. */
export interface LogPlan {
  readonly path: string;
  readonly format: LogFormatName;
  readonly maxBytes: number;
  readonly maxFiles: number;
  readonly compressed: boolean;
  /** Written into every entry of a json-file log. */
  readonly attrs: Readonly<Record<string, string>>;
}

/** Names below which a container's log files are: its own directory, and the spool that outlives it until all is sent. */
export interface LogPlaces {
  readonly json: string;
  readonly local: string;
  readonly spool: string;
}

/** Docker keeps json-file logs for ever; ours are bounded, so that a chatty container cannot fill the disk. */
const JSON_FILE = { maxBytes: 100 * 1024 * 1024, maxFiles: 5 };
const LOCAL = { maxBytes: 20 * 1024 * 1024, maxFiles: 5 };

/** Taken by all drivers: how output reaches them, and the copy of it that `logs` reads. */
const COMMON_OPTIONS: readonly string[] = [
  "mode",
  "max-buffer-size",
  "cache-disabled",
  "cache-max-size",
  "cache-max-file",
  "cache-compress",
];
const FILE_OPTIONS = ["max-size", "max-file", "compress"] as const;

/** Names for `docker info`. */
export const LOG_DRIVERS: readonly string[] = [
  "json-file",
  "local",
  "none",
  ...Object.keys(REMOTE_DRIVERS),
].sort();

/**
 * @param isPlugin whether there is a plugin of this name for logs; its options are its own business
 * @throws InvalidArgument with Docker's texts, also for what Docker would only refuse at the start
 */
export function checkLogConfig(config: LogConfig, isPlugin?: (driver: string) => boolean): void {
  const driver = config.Type ?? "";
  const options = config.Config ?? {};
  if (driver === "none") return; // nothing is kept: options have nothing to act on, as in Docker
  checkMode(options);
  checkCache(options);
  const own = Object.fromEntries(Object.entries(options).filter(([name]) => !COMMON_OPTIONS.includes(name)));
  if (driver === "json-file") checkJsonFile(own);
  else if (driver === "local") checkLocal(own);
  else if (Object.hasOwn(REMOTE_DRIVERS, driver)) REMOTE_DRIVERS[driver]!.check(own);
  else if (isPlugin?.(driver)) return;
  else throw new InvalidArgument(`logger: no log driver named '${driver}' is registered`);
  checkAttributes(own);
}

function checkMode(options: LogOptions): void {
  const { mode = "", "max-buffer-size": bufferSize } = options;
  if (!["", "blocking", "non-blocking"].includes(mode))
    throw new InvalidArgument(`logger: logging mode not supported: ${mode}`);
  if (bufferSize === undefined) return;
  if (mode !== "non-blocking")
    throw new InvalidArgument("logger: max-buffer-size option is only supported with 'mode=non-blocking'");
  explain("error parsing option max-buffer-size", () => parseBytes(bufferSize));
}

function checkCache(options: LogOptions): void {
  const disabled = options["cache-disabled"];
  if (disabled)
    try {
      parseYesNo(disabled);
    } catch {
      throw new InvalidArgument(`invalid value for option cache-disabled: ${disabled}`);
    }
  planLocal(prefixed(options, "cache-"));
}

function checkJsonFile(options: LogOptions): void {
  checkKnown("json-file", options, [...FILE_OPTIONS, ...ATTRIBUTE_OPTIONS]);
  const { maxFiles, compressed } = planJsonFile(options);
  if (compressed && (maxFiles < 2 || options["max-size"] === undefined))
    throw new InvalidArgument("compress cannot be true when max-file is less than 2 or max-size is not set");
}

function checkLocal(options: LogOptions): void {
  for (const name of Object.keys(options))
    if (!(FILE_OPTIONS as readonly string[]).includes(name))
      throw new InvalidArgument(`unknown log opt '${name}' for log driver local`);
  planLocal(options);
}

const NOBODY: LogSubject = {
  ...{ id: "0".repeat(64), name: "", imageId: "", imageName: "", created: "", hostname: "" },
  config: {},
};

function checkAttributes(options: LogOptions): void {
  for (const name of ["labels-regex", "env-regex"]) if (options[name]) parsePattern(options[name]);
  if (options.tag) fillTag(options.tag, NOBODY);
}

type FilePlan = Pick<LogPlan, "maxBytes" | "maxFiles" | "compressed">;

function planJsonFile(options: LogOptions): FilePlan {
  const { "max-size": size, "max-file": files, compress = "false" } = options;
  const maxBytes = size === undefined ? JSON_FILE.maxBytes : size === "-1" ? 0 : parseDecimalBytes(size);
  if (maxBytes === 0 && size !== "-1") throw new InvalidArgument("max-size must be a positive number");
  const maxFiles = files === undefined ? (size === undefined ? JSON_FILE.maxFiles : 1) : parseWhole(files);
  if (maxFiles < 1) throw new InvalidArgument("max-file cannot be less than 1");
  return { maxBytes, maxFiles: Math.min(maxFiles, MAX_FILES), compressed: parseYesNo(compress) };
}

/** What a reader looks for; nobody needs more. */
const MAX_FILES = 999;

function planLocal(options: LogOptions): FilePlan {
  const { "max-size": size, "max-file": files, compress } = options;
  const maxBytes =
    size === undefined
      ? LOCAL.maxBytes
      : explain(`invalid value for max-size: ${size}`, () => parseBytes(size));
  const asked =
    files === undefined
      ? LOCAL.maxFiles
      : explain(`invalid value for max-file: ${files}`, () => parseWhole(files));
  const compressed = explain("error reading compress log option", () => parseYesNo(compress ?? "true"));
  if (compressed && asked < 2)
    throw new InvalidArgument("compression cannot be enabled when max file count is 1");
  return { maxBytes, maxFiles: Math.min(Math.max(asked, 1), MAX_FILES), compressed };
}

function prefixed(options: LogOptions, prefix: string): LogOptions {
  const own = Object.entries(options).filter(([name]) => name.startsWith(prefix));
  return Object.fromEntries(own.map(([name, value]) => [name.slice(prefix.length), value]));
}

/** @param config checked by `checkLogConfig` @returns undefined where nothing is kept */
export function planLog(config: LogConfig, subject: LogSubject, places: LogPlaces): LogPlan | undefined {
  const options = config.Config ?? {};
  const file = logFile(config, places);
  if (!file) return undefined;
  const isJson = config.Type === "json-file";
  const own = isJson
    ? planJsonFile(options)
    : planLocal(config.Type === "local" ? options : prefixed(options, "cache-"));
  return { ...file, ...own, attrs: isJson ? planAttrs(options, subject) : {} };
}

/** Where the log is, whether or not there is anything yet; undefined for the driver none. */
export function logFile(
  config: LogConfig | undefined,
  places: LogPlaces,
): Pick<LogPlan, "path" | "format"> | undefined {
  const driver = config?.Type ?? "";
  if (driver === "json-file") return { path: places.json, format: "json" };
  if (driver === "local") return { path: join(places.local, "container.log"), format: "local" };
  if (isRemote(config)) return { path: join(places.spool, "container.log"), format: "local" };
  return undefined;
}

/** Whether lines are shipped somewhere. */
export function isRemote(config: LogConfig | undefined): boolean {
  return !["", "json-file", "local", "none"].includes(config?.Type ?? "");
}

/** Whether lines are shipped by a plugin. */
export function isByPlugin(config: LogConfig | undefined): boolean {
  return isRemote(config) && !Object.hasOwn(REMOTE_DRIVERS, config?.Type ?? "");
}

/** Whether `logs` can read what this driver keeps. */
export function isReadable(config: LogConfig | undefined): boolean {
  if (isRemote(config)) return !isYes(config?.Config?.["cache-disabled"]);
  return config?.Type === "json-file" || config?.Type === "local";
}

function isYes(text: string | undefined): boolean {
  return text ? parseYesNo(text) : false;
}

/** Attributes every line carries: chosen labels and variables, and the tag. */
export function planAttrs(options: LogOptions, subject: LogSubject): Record<string, string> {
  const chosen = chosenAttributes(options, subject);
  return options.tag ? { ...chosen, tag: tagOf(options, subject) } : chosen;
}

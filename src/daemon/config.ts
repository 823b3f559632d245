import { join } from "node:path";
import { InvalidArgument } from "#base/errors.ts";
import { LOG_LEVELS, type LogLevel } from "#base/log.ts";
import { parseBytes, parseDurationMs } from "#base/units.ts";
import { checkLogConfig } from "#containers/logs/options.ts";
import { parseTrustPolicy, type TrustPolicy } from "#images/trust/policy.ts";
import type { LogConfig } from "#spec/docker/containers.ts";
import { isApiVersion, isBefore, MAX_API_VERSION, MIN_API_VERSION } from "#spec/docker/versions.ts";
import { parseConfigFile } from "./config-file.ts";
import { groupConfig } from "./config-groups.ts";
import { isolationConfig } from "./config-isolation.ts";
import { networkConfig } from "./config-network.ts";
import type { Settings } from "./flags.ts";
import { parseHost } from "./hosts.ts";
import { imageGcConfig } from "./image-gc.ts";
import { DEFAULT_DATA_ROOT, DEFAULT_EXEC_ROOT } from "./paths.ts";
import { proxySettings, registryMirrors } from "./registry-config.ts";
import { mergeSettings, SettingReader } from "./settings.ts";
import type { DaemonConfig, HostAddress } from "./types.ts";

const DEFAULT_CONFIG_FILE = "/etc/wharf/daemon.json";
const DOCKER_CONFIG_FILE = "/etc/docker/daemon.json";
export const DEFAULT_GROUP = "wharf";

/** What a chatty container may fill when nobody says otherwise. */
const LOG_BOUNDS = { "max-size": "20m", "max-file": "5" } as const;

/** The world outside the command line, as far as the configuration asks for it. */
export interface ConfigSources {
  /** Text of a file; undefined where there is none. */
  readonly readFile: (path: string) => string | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export interface LoadedConfig {
  readonly config: DaemonConfig;
  /** What the administrator may want to know, a sentence each. */
  readonly notes: readonly string[];
}

/**
 * Flags and daemon.json as one checked value.
 * @throws InvalidArgument naming the option and, for one from the file, the file
 */
export function loadConfig(flags: Settings, sources: ConfigSources): LoadedConfig {
  const notes: string[] = [];
  const path = (flags["config-file"] as string | undefined) ?? DEFAULT_CONFIG_FILE;
  const text = sources.readFile(path);
  if (text === undefined && flags["config-file"] !== undefined)
    throw new InvalidArgument(`unable to configure the wharf daemon with file ${path}: no such file`);
  if (text === undefined && sources.readFile(DOCKER_CONFIG_FILE) !== undefined)
    notes.push(
      `${DOCKER_CONFIG_FILE} is Docker's and is not read: to use its settings here, copy it to ${path} or name it with --config-file`,
    );
  try {
    const settings = new SettingReader(mergeSettings(flags, parseConfigFile(text ?? "")));
    return { config: checkConfig(settings, text === undefined ? undefined : path, sources, notes), notes };
  } catch (error) {
    if (text === undefined || !(error instanceof InvalidArgument)) throw error;
    const prefix = `unable to configure the wharf daemon with file ${path}: `;
    throw new InvalidArgument(prefix + error.message, { cause: error, hint: error.hint });
  }
}

function checkConfig(
  settings: SettingReader,
  configFile: string | undefined,
  sources: ConfigSources,
  notes: string[],
): DaemonConfig {
  const execRoot = settings.path("exec-root") ?? DEFAULT_EXEC_ROOT;
  const debug = settings.yesNo("debug") ?? false;
  const tls = tlsConfig(settings, sources);
  return {
    dataRoot: settings.path("data-root") ?? DEFAULT_DATA_ROOT,
    execRoot,
    pidfile: settings.path("pidfile") ?? join(execRoot, "wharf.pid"),
    configFile,
    hosts: hostAddresses(settings, {
      defaultSocket: join(execRoot, "wharf.sock"),
      hasTls: tls !== undefined,
      notes,
    }),
    group: settings.text("group") ?? DEFAULT_GROUP,
    tls,
    log: {
      level: logLevel(settings.text("log-level"), debug),
      format: logFormat(settings.text("log-format")),
    },
    debug,
    experimental: settings.yesNo("experimental") ?? false,
    labels: checkLabels(settings.list("labels")),
    minApiVersion: minApiVersion(settings.text("min-api-version") ?? sources.env.DOCKER_MIN_API_VERSION),
    authorizationPlugins: [...new Set(settings.list("authorization-plugins"))],
    shutdownTimeoutSeconds: settings.whole("shutdown-timeout") ?? 15,
    liveRestore: settings.yesNo("live-restore") ?? true,
    ...runtimeConfig(settings),
    cgroups: groupConfig(settings.list("exec-opts"), settings.text("cgroup-parent")),
    isolation: isolationConfig(settings, sources.readFile),
    containers: {
      logConfig: logConfig(settings),
      stopTimeoutSeconds: settings.whole("default-stop-timeout") ?? 10,
      shmSizeBytes: parseBytes(settings.text("default-shm-size") ?? "64m"),
    },
    network: networkConfig(settings),
    images: {
      maxConcurrentDownloads: settings.wholeWithin("max-concurrent-downloads", 1, 100),
      maxConcurrentUploads: settings.wholeWithin("max-concurrent-uploads", 1, 100),
      maxDownloadAttempts: settings.wholeWithin("max-download-attempts", 1, 100),
      insecureRegistries: settings.list("insecure-registries"),
      registries: registryMirrors(settings),
      proxies: proxySettings(settings, sources.env),
      trustPolicy: trustPolicy(settings, sources),
      gc: imageGcConfig({
        highThreshold: settings.wholeWithin("image-gc-high-threshold", 1, 100),
        lowThreshold: settings.wholeWithin("image-gc-low-threshold", 0, 99),
        minimumAgeMs: minimumAgeMs(settings.text("image-gc-minimum-age")),
      }),
    },
    storageDriver: settings.text("storage-driver"),
  };
}

function minimumAgeMs(text: string | undefined): number | undefined {
  return text === undefined ? undefined : parseDurationMs(text);
}

/** @throws InvalidArgument naming what is wrong with it: a policy that is half understood would protect nobody */
function trustPolicy(settings: SettingReader, { readFile }: ConfigSources): TrustPolicy | undefined {
  const given = settings.pathOrObject("trust-policy");
  if (given === undefined) return undefined;
  if (typeof given !== "string") return parseTrustPolicy(given, readFile);
  const text = readFile(given);
  if (text === undefined) throw new InvalidArgument(`trust-policy: no such file: ${given}`);
  try {
    return parseTrustPolicy(JSON.parse(text), readFile);
  } catch (error) {
    throw new InvalidArgument(`${given}: ${(error as Error).message}`, { cause: error });
  }
}

function hostAddresses(
  settings: SettingReader,
  options: { readonly defaultSocket: string; readonly hasTls: boolean; readonly notes: string[] },
): HostAddress[] {
  const asked = settings.list("hosts");
  const hosts = (asked.length > 0 ? asked : ["unix://"]).map((text) => parseHost(text, options));
  const isPlainWanted = settings.yesNo("tls") === false || settings.yesNo("tlsverify") === false;
  for (const host of hosts) {
    if (host.kind !== "tcp" || options.hasTls) continue;
    const shown = `tcp://${host.host}:${host.port}`;
    if (!isLoopback(host.host) && !isPlainWanted)
      throw new InvalidArgument(`${shown} would let everyone who reaches it be root on this machine`, {
        hint: "use --tlsverify, or say --tls=false to insist",
      });
    options.notes.push(`API on ${shown} without TLS: every program on this machine can be root through it`);
  }
  return hosts;
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127\./.test(host);
}

function tlsConfig(settings: SettingReader, { readFile, env }: ConfigSources): DaemonConfig["tls"] {
  const verify = settings.yesNo("tlsverify") ?? false;
  if (!verify && settings.yesNo("tls") !== true) return undefined;
  const directory = env.DOCKER_CERT_PATH ?? join(env.HOME ?? "/root", ".docker");
  const read = (option: string, name: string) => {
    const path = settings.text(option) ?? join(directory, name);
    const text = readFile(path);
    if (text === undefined) throw new InvalidArgument(`${option}: no such file: ${path}`);
    return text;
  };
  return {
    certificate: read("tlscert", "cert.pem"),
    key: read("tlskey", "key.pem"),
    clientCa: verify ? read("tlscacert", "ca.pem") : undefined,
  };
}

function logLevel(text: string | undefined, debug: boolean): LogLevel {
  if (text === undefined) return debug ? "debug" : "info";
  const level = LOG_LEVELS.find((known) => known === text);
  if (!level)
    throw new InvalidArgument(`invalid logging level: ${text}`, { hint: `choose ${LOG_LEVELS.join(", ")}` });
  return debug ? "debug" : level;
}

function logFormat(text: string | undefined): "text" | "json" {
  if (text === undefined || text === "text") return "text";
  if (text !== "json")
    throw new InvalidArgument(`invalid log format: ${text}`, { hint: "choose text or json" });
  return text;
}

function logConfig(settings: SettingReader): LogConfig {
  const Type = settings.text("log-driver") ?? "json-file";
  const config = {
    Type,
    Config: { ...(Type === "json-file" ? LOG_BOUNDS : {}), ...settings.map("log-opts") },
  };
  checkLogConfig(config);
  return config;
}

function checkLabels(labels: readonly string[]): readonly string[] {
  const values = new Map<string, string>();
  for (const label of labels) {
    const [name, value] = label.split(/=(.*)/s) as [string, string?];
    if (!name || value === undefined) throw new InvalidArgument(`bad attribute format: ${label}`);
    const other = values.get(name);
    if (other !== undefined && other !== value)
      throw new InvalidArgument(`conflict labels for ${name}=${value} and ${name}=${other}`);
    values.set(name, value);
  }
  return [...new Set(labels)];
}

function minApiVersion(text: string | undefined): string {
  if (text === undefined || text === "") return MIN_API_VERSION;
  if (!isApiVersion(text) || isBefore(text, MIN_API_VERSION) || isBefore(MAX_API_VERSION, text))
    throw new InvalidArgument(
      `invalid minimum API version ${text}: expected one from ${MIN_API_VERSION} to ${MAX_API_VERSION}`,
    );
  return text;
}

/** Runtimes that are looked for without being configured. */
const KNOWN_RUNTIMES: readonly string[] = ["crun", "runc"];

function runtimeConfig(settings: SettingReader): Pick<DaemonConfig, "runtimes" | "defaultRuntime"> {
  const asked = settings.map<{ readonly path: string; readonly runtimeArgs?: readonly string[] }>("runtimes");
  const defaultRuntime = settings.text("default-runtime");
  if (defaultRuntime !== undefined && ![...KNOWN_RUNTIMES, ...Object.keys(asked)].includes(defaultRuntime))
    throw new InvalidArgument(`specified default runtime '${defaultRuntime}' does not exist`);
  const runtimes = Object.entries(asked).map(([name, { path, runtimeArgs }]) => [
    name,
    { path, ...(runtimeArgs ? { args: runtimeArgs } : {}) },
  ]);
  return { runtimes: Object.fromEntries(runtimes), defaultRuntime };
}

/** The body of a create request, from the command line. */
import type {
  ContainerConfig,
  ContainerCreateRequest,
  HealthConfig,
  PortMap,
} from "#spec/docker/containers.ts";
import { keyValues, parseKeyValueFile, resolveEnv } from "../parse/env.ts";
import { parsePorts } from "../parse/port.ts";
import { parseVolumes } from "../parse/volume.ts";
import type { ContainerFlags, GivenFlags } from "./flags.ts";
import { planHostConfig } from "./host-config.ts";
import { planNetworking } from "./networking.ts";

/** What the command line knows about the place it runs in. */
export interface CreateFacts {
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly cwd: string;
  /** Environment variables for the proxies of the configuration. */
  readonly proxyEnv: Readonly<Record<string, string>>;
  /** @throws Error "open PATH: reason" */
  readonly readFile: (path: string) => string;
  /** The engine's socket on this machine, for `--use-api-socket`. */
  readonly apiSocket: string | undefined;
}

export interface CreateInput {
  readonly image: string;
  readonly command: readonly string[];
  readonly flags: ContainerFlags;
  readonly given: GivenFlags;
  readonly facts: CreateFacts;
}

/** What the flags say about ports and volumes: both halves of the body need it. */
export interface CreateParts {
  readonly bindings: PortMap;
  readonly binds: readonly string[];
}

/**
 * Only what differs from the engine's own defaults is set.
 * @throws Error when flags contradict each other or cannot be read
 */
export function planCreate(input: CreateInput): ContainerCreateRequest {
  const { flags, facts } = input;
  checkConflicts(flags);
  const { exposed, bindings } = parsePorts(flags.publish, flags.expose);
  const { binds, anonymous } = parseVolumes(flags.volume, facts.cwd);
  return {
    ...planConfig(input),
    ExposedPorts: exposed,
    Volumes: anonymous,
    HostConfig: planHostConfig(input, { bindings, binds }),
    NetworkingConfig: planNetworking(flags),
  };
}

function checkConflicts(flags: ContainerFlags): void {
  const swappiness = flags["memory-swappiness"];
  if (swappiness !== -1 && (swappiness < 0 || swappiness > 100))
    throw new Error(`invalid value: ${swappiness}. Valid memory swappiness range is 0-100`);
  if (!["always", "missing", "never"].includes(flags.pull))
    throw new Error(`invalid pull option: '${flags.pull}': must be one of "always", "missing" or "never"`);
}

function planConfig({ image, command, flags, given, facts }: CreateInput): ContainerConfig {
  const attached = flags.attach;
  const attachStdin = attached.includes("stdin") || flags.interactive;
  return {
    Image: image,
    Hostname: flags.hostname,
    Domainname: flags.domainname,
    User: flags.user,
    Tty: flags.tty,
    OpenStdin: flags.interactive,
    AttachStdin: attachStdin,
    StdinOnce: flags.interactive && attachStdin,
    AttachStdout: attached.length === 0 || attached.includes("stdout"),
    AttachStderr: attached.length === 0 || attached.includes("stderr"),
    Env: planEnv(flags, facts),
    Cmd: command.length > 0 ? [...command] : null,
    Entrypoint: flags.entrypoint ? [flags.entrypoint] : given.has("entrypoint") ? [""] : null,
    WorkingDir: flags.workdir,
    Labels: keyValues([...readFiles(flags["label-file"], facts, {}), ...flags.label]),
    StopSignal: flags["stop-signal"],
    StopTimeout: given.has("stop-timeout") ? flags["stop-timeout"] : undefined,
    Healthcheck: planHealth(flags),
  };
}

/** Files first, flags after, proxies only where nothing else set them. */
function planEnv(flags: ContainerFlags, facts: CreateFacts): string[] {
  const pairs = readFiles(flags["env-file"], facts, facts.env);
  for (const text of flags.env) pairs.push(resolveEnv(text, facts.env));
  for (const [name, value] of Object.entries(facts.proxyEnv)) {
    const isSet = pairs.some((pair) => pair === name || pair.startsWith(`${name}=`));
    if (!isSet) pairs.push(`${name}=${value}`);
  }
  return pairs;
}

function readFiles(paths: readonly string[], facts: CreateFacts, hostEnv: CreateFacts["env"]): string[] {
  const pairs: string[] = [];
  for (const path of paths) {
    const content = facts.readFile(path);
    try {
      pairs.push(...parseKeyValueFile(content, hostEnv));
    } catch (error) {
      throw new Error(`invalid env file (${path}): ${(error as Error).message}`, { cause: error });
    }
  }
  return pairs;
}

function planHealth(flags: ContainerFlags): HealthConfig | undefined {
  const durations = {
    Interval: flags["health-interval"],
    Timeout: flags["health-timeout"],
    StartPeriod: flags["health-start-period"],
    StartInterval: flags["health-start-interval"],
    Retries: flags["health-retries"],
  };
  if (flags["health-cmd"] !== "" && flags["health-probe"] !== "")
    throw new Error("--health-cmd conflicts with --health-probe");
  const command = flags["health-cmd"] || flags["health-probe"];
  const hasSettings = command !== "" || Object.values(durations).some((value) => value !== 0);
  if (flags["no-healthcheck"]) {
    if (hasSettings) throw new Error("--no-healthcheck conflicts with --health-* options");
    return { Test: ["NONE"] };
  }
  if (!hasSettings) return undefined;
  checkNotNegative(flags);
  return { ...(flags["health-cmd"] ? { Test: ["CMD-SHELL", flags["health-cmd"]] } : {}), ...durations };
}

const HEALTH_NUMBERS = [
  "health-interval",
  "health-timeout",
  "health-retries",
  "health-start-period",
  "health-start-interval",
] as const;

function checkNotNegative(flags: ContainerFlags): void {
  for (const name of HEALTH_NUMBERS) if (flags[name] < 0) throw new Error(`--${name} cannot be negative`);
}

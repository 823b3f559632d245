/** The process part of `config.json`, for a container's first process and for exec. */
import { posix } from "node:path";
import { InvalidArgument } from "#base/errors.ts";
import type { Ulimit } from "#spec/docker/containers.ts";
import type { RuntimeProcess } from "#spec/oci/runtime.ts";
import { capabilitySets, chooseCapabilities } from "./capabilities.ts";
import { OPEN_FILES_SOFT } from "./defaults.ts";
import { containerEnvironment, withHome } from "./environment.ts";
import { rlimitsOf } from "./rlimits.ts";
import { securityOf } from "./security.ts";
import type { ExecInput, ExecResult, SpecHost, SpecInput } from "./types.ts";
import { resolveUser } from "./user.ts";

/** Where the supervisor's program appears in a container with --init; the name tells it what to be. */
export const INIT_PATH = "/sbin/docker-init";

export interface ProcessResult {
  readonly process: RuntimeProcess;
  readonly capabilities: readonly string[];
  readonly warnings: readonly string[];
}

/** The container's first process. @throws InvalidArgument with Docker's text for what cannot be */
export function containerProcess(input: SpecInput): ProcessResult {
  const { config, hostConfig, host } = input;
  const { user, home } = resolveUser(config.User ?? "", hostConfig.GroupAdd ?? [], input.accounts);
  const capabilities = chooseCapabilities(hostConfig, host.capabilities);
  const { rlimits, warnings } = rlimitsFor(input);
  const score = oomScore(hostConfig.OomScoreAdj ?? 0, host);
  const terminal = config.Tty ?? false;
  return {
    process: {
      ...terminalOf(terminal, hostConfig.ConsoleSize),
      user,
      args: commandLine(input),
      env: withHome(containerEnvironment(config, terminal), home),
      cwd: workingDirectory(config.WorkingDir),
      capabilities: capabilitySets(capabilities, user.uid),
      ...(rlimits.length > 0 ? { rlimits } : {}),
      ...securityOf(hostConfig, host, input.defaults, input.id).process,
      oomScoreAdj: score.value,
    },
    capabilities,
    warnings: [...warnings, ...score.warnings],
  };
}

/** One more process in a running container. @throws InvalidArgument with Docker's text for what cannot be */
export function execProcess(input: ExecInput): ExecResult {
  const { config, hostConfig, exec, host } = input;
  const { user, home } = resolveUser(
    exec.User || config.User || "",
    hostConfig.GroupAdd ?? [],
    input.accounts,
  );
  const privileged = exec.Privileged || hostConfig.Privileged;
  const capabilities = chooseCapabilities({ ...hostConfig, Privileged: privileged }, host.capabilities);
  const { rlimits, warnings } = rlimitsFor(input);
  const terminal = exec.Tty ?? false;
  if (!exec.Cmd?.length) throw new InvalidArgument("No exec command specified");
  return {
    process: {
      ...terminalOf(terminal, exec.ConsoleSize),
      user,
      args: [...exec.Cmd],
      env: withHome(containerEnvironment(config, terminal, exec.Env ?? []), home),
      cwd: workingDirectory(exec.WorkingDir || config.WorkingDir),
      capabilities: capabilitySets(capabilities, user.uid),
      ...(rlimits.length > 0 ? { rlimits } : {}),
      ...securityOf({ ...hostConfig, Privileged: privileged }, host, input.defaults, input.id).process,
    },
    warnings,
  };
}

/** What decides about resource limits. */
type LimitsInput = Pick<SpecInput, "hostConfig" | "host" | "defaults">;

export function rlimitsFor(input: LimitsInput): ReturnType<typeof rlimitsOf> {
  return rlimitsOf(ulimitsOf(input), input.host);
}

/** A container's own limits, then the administrator's and Docker's for names it does not mention. */
function ulimitsOf({ hostConfig, host, defaults }: LimitsInput): Ulimit[] {
  const limits = [...(hostConfig.Ulimits ?? [])];
  for (const ulimit of [...(defaults?.ulimits ?? []), ...openFiles(host)])
    if (!limits.some(({ Name }) => Name === ulimit.Name)) limits.push(ulimit);
  return limits;
}

function openFiles({ hardLimits }: SpecHost): Ulimit[] {
  const hard = hardLimits.RLIMIT_NOFILE;
  return hard === undefined ? [] : [{ Name: "nofile", Soft: Math.min(OPEN_FILES_SOFT, hard), Hard: hard }];
}

function terminalOf(
  terminal: boolean,
  size: readonly number[] | null | undefined,
): Pick<RuntimeProcess, "terminal" | "consoleSize"> {
  if (!terminal) return {};
  const [height = 0, width = 0] = size ?? [];
  return { terminal, ...(height > 0 && width > 0 ? { consoleSize: { height, width } } : {}) };
}

/** The init's program on the host, for a container that has one in front of its first process. */
export function initOf({ hostConfig, defaults, initPath }: SpecInput): string | undefined {
  return (hostConfig.Init ?? defaults?.init) ? initPath : undefined;
}

function commandLine(input: SpecInput): string[] {
  const { config } = input;
  const command = [...(config.Entrypoint ?? []), ...(config.Cmd ?? [])];
  if (command.length === 0) throw new InvalidArgument("no command specified");
  return initOf(input) === undefined ? command : [INIT_PATH, "--", ...command];
}

/** Descriptors of the runtime are no places to work in: one that leaks leads to the host (CVE-2024-21626). */
const DESCRIPTORS = /^\/(?:proc\/(?:self|thread-self|\d+)(?:\/task\/\d+)?\/fd|dev\/fd)(?:\/|$)/;

function workingDirectory(asked: string | undefined): string {
  const path = posix.normalize(asked || "/");
  if (!path.startsWith("/")) {
    throw new InvalidArgument(`the working directory '${asked}' is invalid, it needs to be an absolute path`);
  }
  if (DESCRIPTORS.test(path)) {
    throw new InvalidArgument(
      `the working directory '${asked}' is invalid: it names an open file, not a directory`,
    );
  }
  return path === "/" ? path : path.replace(/\/$/, "");
}

export function oomScore(
  asked: number,
  host: Pick<SpecHost, "capabilities" | "oomScoreAdj">,
): { readonly value: number; readonly warnings: readonly string[] } {
  if (asked >= host.oomScoreAdj || host.capabilities.includes("CAP_SYS_RESOURCE"))
    return { value: asked, warnings: [] };
  const warning = `OomScoreAdj ${asked} is raised to ${host.oomScoreAdj}: the engine has no right to lower it`;
  return { value: host.oomScoreAdj, warnings: [warning] };
}

import { posix } from "node:path";
import { InvalidArgument } from "#base/errors.ts";
import { parseDurationMs } from "#base/units.ts";
import type { ContainerConfig, HealthConfig } from "#spec/docker/containers.ts";
import { parseExecForm, splitPairs, splitWords } from "./change-words.ts";

/**
 * A container configuration with Dockerfile instructions applied, as `import` and `commit` take them by `--change`.
 * @param changes "CMD [\"sh\"]", "ENV a=b", …
 * @throws InvalidArgument for another instruction or a malformed one
 */
export function applyChanges(config: ContainerConfig, changes: readonly string[]): ContainerConfig {
  const lines = changes.flatMap((change) => change.split("\n")).filter((line) => line.trim() !== "");
  const instructions = lines.map(parseInstruction);
  const setsCommand = instructions.some(({ name }) => name === "CMD");
  const base =
    setsCommand || !instructions.some(({ name }) => name === "ENTRYPOINT") ? config : withoutCommand(config);
  return instructions.reduce((current, { apply, rest }) => apply(current, rest), base);
}

type Apply = (config: ContainerConfig, rest: string) => ContainerConfig;

const APPLY: Readonly<Record<string, Apply>> = {
  CMD: (config, rest) => ({ ...config, Cmd: command(rest) }),
  ENTRYPOINT: (config, rest) => ({ ...config, Entrypoint: command(rest) }),
  ENV: (config, rest) => ({ ...config, Env: withEnv(config.Env ?? [], splitPairs("ENV", rest)) }),
  EXPOSE: (config, rest) => ({ ...config, ExposedPorts: { ...config.ExposedPorts, ...exposedPorts(rest) } }),
  HEALTHCHECK: (config, rest) => ({ ...config, Healthcheck: healthcheck(rest) }),
  LABEL: (config, rest) => ({
    ...config,
    Labels: { ...config.Labels, ...Object.fromEntries(splitPairs("LABEL", rest)) },
  }),
  ONBUILD: (config, rest) => ({ ...config, OnBuild: [...(config.OnBuild ?? []), onBuild(rest)] }),
  STOPSIGNAL: (config, rest) => ({ ...config, StopSignal: oneWord("STOPSIGNAL", rest) }),
  USER: (config, rest) => ({ ...config, User: oneWord("USER", rest) }),
  VOLUME: (config, rest) => ({ ...config, Volumes: { ...config.Volumes, ...volumes(rest) } }),
  WORKDIR: (config, rest) => ({
    ...config,
    WorkingDir: posix.resolve(config.WorkingDir || "/", oneWord("WORKDIR", rest)),
  }),
};

function parseInstruction(line: string): { name: string; rest: string; apply: Apply } {
  const [, word, rest] = /^\s*(\S+)\s*(.*)$/s.exec(line) as unknown as [string, string, string];
  const name = word.toUpperCase();
  const apply = Object.hasOwn(APPLY, name) ? APPLY[name] : undefined;
  if (!apply) throw new InvalidArgument(`${word.toLowerCase()} is not a valid change command`);
  if (rest.trim() === "" && name !== "CMD" && name !== "ENTRYPOINT")
    throw new InvalidArgument(`${name} requires at least one argument`);
  return { name, rest: rest.trim(), apply };
}

/** A new entry point makes the old command meaningless. */
function withoutCommand(config: ContainerConfig): ContainerConfig {
  const { Cmd: _old, ...rest } = config;
  return rest;
}

function command(rest: string): string[] | null {
  if (rest === "") return null;
  return parseExecForm(rest) ?? ["/bin/sh", "-c", rest];
}

function withEnv(env: readonly string[], pairs: readonly (readonly [string, string])[]): string[] {
  const merged = new Map(env.map((entry) => [entry.split("=", 1)[0]!, entry]));
  for (const [name, value] of pairs) merged.set(name, `${name}=${value}`);
  return [...merged.values()];
}

const MAX_PORT = 65_535;

function exposedPorts(rest: string): Record<string, Record<string, never>> {
  const ports: Record<string, Record<string, never>> = {};
  for (const word of splitWords(rest)) {
    const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/i.exec(word);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (!match || first < 1 || last < first || last > MAX_PORT)
      throw new InvalidArgument(`invalid containerPort: ${word}`);
    for (let port = first; port <= last; port++) ports[`${port}/${(match[3] ?? "tcp").toLowerCase()}`] = {};
  }
  return ports;
}

function volumes(rest: string): Record<string, Record<string, never>> {
  const paths = (parseExecForm(rest) ?? splitWords(rest)).map((path) => path.trim());
  if (paths.some((path) => path === ""))
    throw new InvalidArgument("VOLUME specified can not be an empty string");
  return Object.fromEntries(paths.map((path) => [path, {}]));
}

function oneWord(instruction: string, rest: string): string {
  const words = splitWords(rest);
  if (words.length !== 1) throw new InvalidArgument(`${instruction} requires exactly one argument`);
  return words[0]!;
}

function onBuild(rest: string): string {
  const trigger = rest.split(/\s/, 1)[0]!.toUpperCase();
  if (trigger === "ONBUILD")
    throw new InvalidArgument("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed");
  if (trigger === "FROM" || trigger === "MAINTAINER")
    throw new InvalidArgument(`${trigger} isn't allowed as an ONBUILD trigger`);
  return rest;
}

const HEALTH_TIMES = {
  interval: "Interval",
  timeout: "Timeout",
  "start-period": "StartPeriod",
  "start-interval": "StartInterval",
} as const;

function healthcheck(rest: string): HealthConfig {
  const flags: HealthConfig = {};
  let text = rest;
  for (let flag = HEALTH_FLAG.exec(text); flag; flag = HEALTH_FLAG.exec(text)) {
    setHealthFlag(flags, flag[1]!, flag[2]!);
    text = text.slice(flag[0].length);
  }
  const [, kind, test] = /^(\S+)\s*(.*)$/s.exec(text) ?? [];
  if (kind?.toUpperCase() === "NONE" && !test) return { Test: ["NONE"] };
  if (kind?.toUpperCase() !== "CMD" || !test)
    throw new InvalidArgument(`Unknown type ${JSON.stringify(kind ?? "")} in HEALTHCHECK (try CMD)`);
  const words = parseExecForm(test);
  return { ...flags, Test: words ? ["CMD", ...words] : ["CMD-SHELL", test] };
}

const HEALTH_FLAG = /^--([a-z-]+)=(\S+)\s*/;

function setHealthFlag(flags: HealthConfig, name: string, value: string): void {
  if (name === "retries") {
    if (!/^\d{1,6}$/.test(value)) throw new InvalidArgument(`--retries must be at least 0, not ${value}`);
    flags.Retries = Number(value);
  } else if (Object.hasOwn(HEALTH_TIMES, name))
    flags[HEALTH_TIMES[name as keyof typeof HEALTH_TIMES]] = parseDurationMs(value) * 1e6;
  else throw new InvalidArgument(`unknown flag: ${name} (HEALTHCHECK)`);
}

import { InvalidArgument } from "#base/errors.ts";
import type { ContainerConfig, HealthConfig } from "#spec/docker/containers.ts";
import { PROBE_KINDS, parseProbeTest } from "./probe-test.ts";
import { parseSignal } from "./signals.ts";

const NANOS_PER_MS = 1_000_000;

/** @param config merged with the image's @throws InvalidArgument with Docker's texts */
export function checkConfig(config: ContainerConfig): void {
  if (!config.Entrypoint?.length && !config.Cmd?.length) throw new InvalidArgument("no command specified");
  if (config.WorkingDir && !config.WorkingDir.startsWith("/"))
    throw new InvalidArgument(
      `the working directory '${config.WorkingDir}' is invalid, it needs to be an absolute path`,
    );
  for (const variable of config.Env ?? [])
    if (variable === "" || variable.startsWith("="))
      throw new InvalidArgument(`invalid environment variable: ${variable}`);
  if (config.StopSignal) parseSignal(config.StopSignal);
  for (const port of Object.keys(config.ExposedPorts ?? {})) checkPort(port);
  if (config.Healthcheck) checkHealthcheck(config.Healthcheck);
}

/** "80", "80/tcp", "8000-8010/udp". @throws InvalidArgument */
export function checkPort(text: string): void {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/([a-z]*))?$/i.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? first);
  const protocol = (match?.[3] ?? "tcp").toLowerCase();
  if (!match || last < first || last > 65535)
    throw new InvalidArgument(`invalid port specification: "${text.split("/")[0]}"`);
  if (!["tcp", "udp", "sctp"].includes(protocol)) throw new InvalidArgument(`invalid proto: ${protocol}`);
}

function checkHealthcheck(check: HealthConfig): void {
  const durations = {
    Interval: check.Interval,
    Timeout: check.Timeout,
    StartPeriod: check.StartPeriod,
    StartInterval: check.StartInterval,
  };
  for (const [name, nanos = 0] of Object.entries(durations))
    if (nanos !== 0 && nanos < NANOS_PER_MS)
      throw new InvalidArgument(`${name} in Healthcheck cannot be less than 1ms`);
  if ((check.Retries ?? 0) < 0) throw new InvalidArgument("Retries in Healthcheck cannot be negative");
  const kind = check.Test?.[0] ?? "";
  if (PROBE_KINDS.has(kind)) parseProbeTest(check.Test ?? []);
  else if (!["", "NONE", "CMD", "CMD-SHELL"].includes(kind))
    throw new InvalidArgument(`Unknown healthcheck type '${kind}' (expected 'CMD')`);
}

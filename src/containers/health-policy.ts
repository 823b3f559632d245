import type { ProbeTarget } from "#runtime/types.ts";
import type { ContainerConfig, Health, HealthLogEntry } from "#spec/docker/containers.ts";
import { PROBE_KINDS, parseProbeTest } from "./probe-test.ts";
import { millisOf, NEVER } from "./times.ts";

/** A health check with all its defaults. */
export interface HealthPlan {
  readonly probe: HealthProbe;
  readonly intervalMs: number;
  readonly timeoutMs: number;
  /** From the start: failures do not count yet. */
  readonly startPeriodMs: number;
  /** Between probes while it lasts. */
  readonly startIntervalMs: number;
  /** Failures in a row until the container counts as unhealthy. */
  readonly retries: number;
}

/** What is done to learn how a container is. */
export type HealthProbe =
  | { readonly kind: "command"; readonly command: readonly string[] }
  | { readonly kind: "connection"; readonly target: ProbeTarget };

const NANOS_PER_MS = 1_000_000;
const DEFAULT_INTERVAL_MS = 30_000;
const DEFAULT_TIMEOUT_MS = 30_000;
const DEFAULT_START_INTERVAL_MS = 5_000;
const DEFAULT_RETRIES = 3;
const DEFAULT_SHELL = ["/bin/sh", "-c"];
const KEPT_PROBES = 5;

/** @returns undefined for a container without a health check, or with ["NONE"] */
export function planHealth(config: Pick<ContainerConfig, "Healthcheck" | "Shell">): HealthPlan | undefined {
  const check = config.Healthcheck;
  const [kind, ...words] = check?.Test ?? [];
  if (!check || !kind || kind === "NONE" || words.length === 0) return undefined;
  const millis = (nanos: number | undefined, fallback: number) => (nanos ? nanos / NANOS_PER_MS : fallback);
  return {
    probe: planProbe([kind, ...words], config.Shell ?? DEFAULT_SHELL),
    intervalMs: millis(check.Interval, DEFAULT_INTERVAL_MS),
    timeoutMs: millis(check.Timeout, DEFAULT_TIMEOUT_MS),
    startPeriodMs: millis(check.StartPeriod, 0),
    startIntervalMs: millis(check.StartInterval, DEFAULT_START_INTERVAL_MS),
    retries: check.Retries || DEFAULT_RETRIES,
  };
}

function planProbe(test: readonly string[], shell: readonly string[]): HealthProbe {
  const [kind = "", ...words] = test;
  if (PROBE_KINDS.has(kind)) return { kind: "connection", target: parseProbeTest(test) };
  return { kind: "command", command: kind === "CMD-SHELL" ? [...shell, words.join(" ")] : words };
}

export const FIRST_HEALTH: Health = { Status: "starting", FailingStreak: 0, Log: [] };

/** @param ranMs since the container's start, when the probe began */
export function afterProbe(before: Health, probe: HealthLogEntry, plan: HealthPlan, ranMs: number): Health {
  const log = [...(before.Log ?? []), probe].slice(-KEPT_PROBES);
  if (probe.ExitCode === 0) return { Status: "healthy", FailingStreak: 0, Log: log };
  const isForgiven = before.Status === "starting" && ranMs < plan.startPeriodMs;
  const streak = before.FailingStreak + (isForgiven ? 0 : 1);
  return {
    Status: streak >= plan.retries ? "unhealthy" : before.Status,
    FailingStreak: streak,
    Log: log,
  };
}

/** How long until the next probe. */
export function probeDelayMs(health: Health, plan: HealthPlan, ranMs: number): number {
  const isStarting = health.Status === "starting" && ranMs < plan.startPeriodMs;
  return isStarting ? plan.startIntervalMs : plan.intervalMs;
}

/**
 * How long until the next probe is due: counted from the last one, also by a daemon that started since then, so that
 * restarts of the daemon do not put it off for ever.
 */
export function untilNextProbeMs(
  health: Health,
  plan: HealthPlan,
  { nowMs, startedMs }: { readonly nowMs: number; readonly startedMs: number },
): number {
  const lastMs = Math.max(startedMs, millisOf(health.Log?.at(-1)?.End ?? NEVER));
  return Math.max(0, probeDelayMs(health, plan, nowMs - startedMs) - Math.max(0, nowMs - lastMs));
}

/** Nobody looks any more: as with Docker, a container that is not probed is not healthy. */
export function unwatched(health: Health | undefined): Health | undefined {
  return health && { ...health, Status: "unhealthy" };
}

import { NotFound } from "#base/errors.ts";
import type { CpuSample } from "#runtime/types.ts";
import { cgroupPathOf } from "./cgroup-path.ts";
import type { Context } from "./context.ts";
import { selectRecords } from "./list.ts";
import { containerOfMode, networkKind } from "./modes.ts";
import { emptyStatsJson, statsJson, type TimedCpuSample, type TimedSample } from "./stats-object.ts";
import { millisOf } from "./times.ts";
import type { ContainerRecord } from "./types.ts";

const EVERY_MS = 1000;
const NANOS_PER_MS = 1_000_000;

export interface StatsOptions {
  /** One object every second until the container is removed or the client goes; else one. */
  readonly stream: boolean;
  /** Of one sample only, at once: without what a CPU share needs. */
  readonly oneShot: boolean;
  readonly signal: AbortSignal;
}

/** Docker's stats objects, as JSON. A container that does not run gives empty ones. */
export async function* containerStats(
  ctx: Context,
  nameOrId: string,
  options: StatsOptions,
): AsyncGenerator<string> {
  const { id } = ctx.records.resolve(nameOrId);
  let previous: TimedCpuSample | "start" | undefined =
    options.stream || options.oneShot ? undefined : await warmSample(ctx, id, options.signal);
  for (;;) {
    const record = ctx.records.get(id);
    if (!record || options.signal.aborted) return;
    const current = takeSample(ctx, record);
    yield answer(ctx, record, current, previous);
    if (!options.stream) return;
    previous = current;
    await ctx.clock.sleep(EVERY_MS, options.signal);
  }
}

/** Containers that are sampled before other requests have their turn: some milliseconds. */
const AT_ONCE = 64;

/**
 * One answer for many containers at once.
 * @param names of those to sample, else what runs, newest first; `all`: what does not run too
 * @returns Docker's stats objects in the names' order, null for what was removed meanwhile
 */
export async function statsOfMany(
  ctx: Context,
  names: readonly string[],
  { all, signal }: { readonly all: boolean; readonly signal: AbortSignal },
): Promise<(string | null)[]> {
  const chosen =
    names.length > 0 ? names.map((name) => ctx.records.resolve(name)) : selectRecords(ctx, { all });
  const past = chosen.map(({ id }) => ctx.warm.before(id));
  const waitMs = Math.max(0, ...past.map((warm) => warm?.waitMs ?? 0));
  if (waitMs > 0) await ctx.clock.sleep(waitMs, signal);
  const answers: (string | null)[] = [];
  for (const [at, { id }] of chosen.entries()) {
    if (at % AT_ONCE === AT_ONCE - 1) await ctx.clock.sleep(0, signal);
    const record = ctx.records.get(id);
    answers.push(record ? answer(ctx, record, takeSample(ctx, record), past[at]?.sample) : null);
  }
  return answers;
}

function answer(
  ctx: Context,
  record: ContainerRecord,
  current: TimedSample | undefined,
  previous: TimedCpuSample | "start" | undefined,
): string {
  if (!current) return emptyStatsJson(record);
  const before = previous === "start" ? sampleAtStart(ctx, record, current) : previous;
  ctx.warm.note(record.id, current);
  return statsJson(record, current, before);
}

/** What a single answer's share of processor time is compared with. */
async function warmSample(
  ctx: Context,
  id: string,
  signal: AbortSignal,
): Promise<TimedCpuSample | "start" | undefined> {
  const warm = ctx.warm.before(id);
  if (warm && warm.waitMs > 0) await ctx.clock.sleep(warm.waitMs, signal);
  return warm?.sample;
}

/** A container has used nothing when it starts, and the host's processors tell as much time as passes. */
function sampleAtStart(ctx: Context, record: ContainerRecord, { sample }: TimedSample): TimedCpuSample {
  const { startedAt } = record.state;
  const sinceMs = Math.max(1, ctx.clock.now() - millisOf(startedAt));
  const { onlineCpus, cgroup } = sample;
  const cpu: CpuSample["cgroup"]["cpu"] = {
    totalNanos: 0,
    userNanos: 0,
    systemNanos: 0,
    perCpuNanos: cgroup.cpu.perCpuNanos?.map(() => 0),
    periods: 0,
    throttledPeriods: 0,
    throttledNanos: 0,
  };
  const hostCpuNanos = sample.hostCpuNanos - Math.round(sinceMs * NANOS_PER_MS) * onlineCpus;
  return { sample: { cgroup: { cpu }, hostCpuNanos, onlineCpus }, read: startedAt };
}

function takeSample(ctx: Context, record: ContainerRecord): TimedSample | undefined {
  const { status, pid } = record.state;
  if (status !== "running" && status !== "paused") return undefined;
  try {
    const cgroupPath = cgroupPathOf(ctx.settings, record);
    const sample = ctx.runtime.sample({ cgroupPath, pid: usesHostNetwork(ctx, record) ? undefined : pid });
    return { sample, read: ctx.ticker.now() };
  } catch (error) {
    if (error instanceof NotFound) return undefined; // it ended a moment ago
    throw error;
  }
}

/** Its own, or that of a container it joins. */
function usesHostNetwork(ctx: Context, { hostConfig: { NetworkMode } }: ContainerRecord): boolean {
  const donor = containerOfMode(NetworkMode);
  const mode = donor === undefined ? NetworkMode : ctx.records.find(donor)?.hostConfig.NetworkMode;
  return networkKind(mode) === "host";
}

import { NotFound } from "#base/errors.ts";
import { cgroupPathOf } from "./cgroup-path.ts";
import type { Context } from "./context.ts";
import { emptyStatsObject, statsObject, type TimedCpuSample, type TimedSample } from "./stats-object.ts";
import type { ContainerRecord } from "./types.ts";

const EVERY_MS = 1000;

export interface StatsOptions {
  /** One object every second until the container is removed or the client goes; else one. */
  readonly stream: boolean;
  /** Of one sample only, at once: without what a CPU share needs. */
  readonly oneShot: boolean;
  readonly signal: AbortSignal;
}

/** Docker's stats objects. A container that does not run gives empty ones. */
export async function* containerStats(
  ctx: Context,
  nameOrId: string,
  options: StatsOptions,
): AsyncGenerator<unknown> {
  const { id } = ctx.records.resolve(nameOrId);
  let previous: TimedCpuSample | undefined =
    options.stream || options.oneShot ? undefined : await warmSample(ctx, id, options.signal);
  for (;;) {
    const record = ctx.records.get(id);
    if (!record || options.signal.aborted) return;
    const current = takeSample(ctx, record);
    yield current ? statsObject(record, current, previous) : emptyStatsObject(record);
    if (!options.stream) return;
    previous = current;
    await ctx.clock.sleep(EVERY_MS, options.signal);
  }
}

/** What a single answer's share of processor time is compared with: only a container just started makes it wait. */
async function warmSample(
  ctx: Context,
  id: string,
  signal: AbortSignal,
): Promise<TimedCpuSample | undefined> {
  const warm = ctx.warm.before(id);
  if (warm && warm.waitMs > 0) await ctx.clock.sleep(warm.waitMs, signal);
  return warm?.sample;
}

function takeSample(ctx: Context, record: ContainerRecord): TimedSample | undefined {
  const { status, pid } = record.state;
  if (status !== "running" && status !== "paused") return undefined;
  try {
    const sample = ctx.runtime.sample({ cgroupPath: cgroupPathOf(ctx.settings, record), pid });
    return { sample, read: ctx.ticker.now() };
  } catch (error) {
    if (error instanceof NotFound) return undefined; // it ended a moment ago
    throw error;
  }
}

import { planBoot } from "./boot-order.ts";
import type { Context } from "./context.ts";
import { isUp } from "./lifecycle.ts";
import { signalRun } from "./signal-run.ts";
import { SIGKILL } from "./signals.ts";
import { stopForShutdown } from "./stop.ts";
import type { ContainerRecord } from "./types.ts";

/** What the end of a container may take beyond its stop timeout, as Docker counts. */
const GRACE_SECONDS = 5;

/** The boot order backwards: a container stops when those that need it have ended. */
export async function shutDownContainers(ctx: Context, timeoutSeconds: number): Promise<void> {
  ctx.live.isShuttingDown = true;
  const all = [...ctx.records.all()];
  const running = all.filter(({ state }) => isUp(state.status));
  const stops = new Map<string, Promise<void>>();
  const late = new AbortController();
  const deadline = ctx.clock.sleep(deadlineMs(ctx, running, timeoutSeconds), late.signal).then(() => {
    if (!late.signal.aborted) killAll(ctx);
  });
  const steps = planBoot(running, all);
  const dependents = Map.groupBy(
    steps.flatMap(({ id, waitsFor }) => waitsFor.map((wait) => ({ dependent: id, on: wait.id }))),
    ({ on }) => on,
  );
  for (const { id } of steps.toReversed()) {
    const others = dependents.get(id)?.map(({ dependent }) => stops.get(dependent)) ?? [];
    stops.set(id, stopAfter(ctx, id, others));
  }
  await Promise.all(stops.values());
  late.abort();
  await deadline;
}

async function stopAfter(
  ctx: Context,
  id: string,
  others: readonly (Promise<void> | undefined)[],
): Promise<void> {
  await Promise.all(others);
  try {
    await stopForShutdown(ctx, id);
  } catch (error) {
    ctx.log.error("a container does not stop with the engine", { container: id, error });
  }
}

function deadlineMs(ctx: Context, running: readonly ContainerRecord[], timeoutSeconds: number): number {
  const own = running.map(({ config }) => config.StopTimeout ?? ctx.settings.stopTimeoutSeconds);
  if (timeoutSeconds < 0 || own.some((seconds) => seconds < 0)) return MAX_TIMER_MS;
  return Math.min(
    MAX_TIMER_MS,
    Math.max(timeoutSeconds, ...own.map((seconds) => seconds + GRACE_SECONDS)) * 1000,
  );
}

/** Timers cannot take more: some 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

function killAll(ctx: Context): void {
  for (const record of ctx.records.all()) {
    const run = ctx.live.find(record.id)?.run;
    if (!run) continue;
    run.isExitWanted = true;
    signalRun(ctx, record, run, SIGKILL);
  }
}

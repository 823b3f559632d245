import { Limiter } from "#base/async.ts";
import { type BootWait, planBoot } from "./boot-order.ts";
import type { Context } from "./context.ts";
import { isUp } from "./lifecycle.ts";
import { startsWithDaemon } from "./restart-policy.ts";
import { startHeld } from "./start.ts";
import { NEVER } from "./times.ts";
import type { ContainerRecord } from "./types.ts";

/** Containers started at a time. */
const AT_ONCE = 8;
/** What does not become healthy in this time is not waited for any longer: better late and warned than never. */
const DEPENDENCY_WAIT_MS = 5 * 60_000;
const LOOK_AGAIN_MS = 100;

/**
 * What restart policies ask for when the daemon starts, each after what it depends on.
 * @param wasUp those that ran, or whose start was under way, when the last daemon ended
 */
export async function bootContainers(ctx: Context, wasUp: ReadonlySet<string>): Promise<void> {
  const all = [...ctx.records.all()];
  const begun = new Map<string, Promise<void>>();
  const limiter = new Limiter(AT_ONCE);
  for (const { id, waitsFor } of planBoot(
    all.filter((record) => isToStart(record, wasUp)),
    all,
  )) {
    const start = async () => {
      for (const wait of waitsFor) await waitFor(ctx, wait, begun.get(wait.id));
      await limiter.run(() => startIfStopped(ctx, id));
    };
    begun.set(id, start());
  }
  await Promise.all(begun.values());
}

function isToStart(record: ContainerRecord, wasUp: ReadonlySet<string>): boolean {
  const { state, hostConfig, stoppedByUser, restartCount } = record;
  return (
    (state.status === "exited" || state.status === "created") &&
    startsWithDaemon(hostConfig.RestartPolicy, {
      stoppedByUser,
      everStarted: state.startedAt !== NEVER || wasUp.has(record.id),
      exitCode: state.exitCode,
      restartCount,
    })
  );
}

/** Never fails: a dependency that cannot be had is told of, and the container starts all the same. */
async function waitFor(
  ctx: Context,
  { id, condition }: BootWait,
  begun: Promise<void> | undefined,
): Promise<void> {
  await begun;
  if (condition === "started") return;
  const untilMs = ctx.clock.now() + DEPENDENCY_WAIT_MS;
  for (;;) {
    const record = ctx.records.get(id);
    if (ctx.closing.aborted || !record || isMet(record, condition)) return;
    const isHopeless = !isUp(record.state.status) && !record.state.isStarting;
    if (isHopeless || ctx.clock.now() >= untilMs)
      return ctx.log.warn("a container starts although what it depends on is not there", {
        dependency: record.name,
        condition,
        status: record.state.status,
        health: record.state.health?.Status,
      });
    await ctx.clock.sleep(LOOK_AGAIN_MS, ctx.closing);
  }
}

function isMet({ state }: ContainerRecord, condition: BootWait["condition"]): boolean {
  if (condition === "completed") return state.status === "exited" && state.exitCode === 0;
  if (!isUp(state.status)) return false;
  return state.health === undefined || state.health.Status === "healthy";
}

async function startIfStopped(ctx: Context, id: string): Promise<void> {
  await ctx.locks.run(id, async () => {
    const record = ctx.records.get(id);
    if (!record || isUp(record.state.status) || record.state.status === "removing" || ctx.closing.aborted)
      return;
    try {
      await startHeld(ctx, record, { isAutomatic: true });
    } catch (error) {
      ctx.log.error("cannot start a container again as its policy asks", { container: id, error });
    }
  });
}

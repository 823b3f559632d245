import { messageOf } from "#base/errors.ts";
import type { ExitStatus } from "#runtime/types.ts";
import type { Context } from "./context.ts";
import { emitContainerEvent } from "./emit.ts";
import { recordFact, withState } from "./facts.ts";
import { unwatched } from "./health-policy.ts";
import { nextStatus } from "./lifecycle.ts";
import type { LiveContainer, Run } from "./live.ts";
import { releaseRun } from "./release.ts";
import { removeHeld } from "./remove.ts";
import { backOff } from "./restart.ts";
import { restartDelayMs } from "./restart-policy.ts";
import { millisOf } from "./times.ts";
import type { ContainerRecord } from "./types.ts";

/**
 * The process has ended. In this order: the record says so, what the run held is given back, the world is told, and the
 * restart policy or --rm decides what comes next. `run.handled` resolves when all that is done.
 */
export async function handleExit(ctx: Context, id: string, run: Run, status: ExitStatus): Promise<void> {
  await readersHaveTheirEnd();
  using _held = await ctx.locks.acquire(id);
  const live = ctx.live.of(id);
  // When the daemon lets go, its connections close, and that looks like an end.
  if (ctx.closing.aborted || live.run !== run) return;
  try {
    run.stopWatching();
    const ended = recordExit(ctx, id, status);
    live.run = undefined;
    ctx.sessions.dropUnstarted(id);
    await releaseRun(ctx, ended).catch((error) =>
      ctx.log.error("an ended container left something behind", { container: id, error }),
    );
    tellExit(ctx, ended, status);
    await decideWhatNext(ctx, ended, live, run);
  } catch (error) {
    ctx.log.error("cannot finish the exit of a container", { container: id, error: messageOf(error) });
  } finally {
    run.finish();
  }
}

/**
 * The last output and its end arrive together with the news of the exit. They go to the clients first, who have something
 * to do while the run is cleaned up after.
 */
function readersHaveTheirEnd(): Promise<void> {
  return new Promise((resume) => setImmediate(resume));
}

export function recordExit(ctx: Context, id: string, status: ExitStatus): ContainerRecord {
  const record = ctx.records.resolve(id);
  const change = {
    status: nextStatus({ ...record, status: record.state.status }, "exit"),
    isStarting: false,
    pid: 0,
    exitCode: status.code,
    oomKilled: status.oomKilled,
    finishedAt: status.finishedAt,
    health: unwatched(record.state.health),
  };
  return recordFact(ctx, withState(record, change));
}

export function tellExit(ctx: Context, record: ContainerRecord, status: ExitStatus): void {
  if (status.oomKilled) emitContainerEvent(ctx, record, "oom");
  emitContainerEvent(ctx, record, "die", {
    exitCode: `${status.code}`,
    execDuration: `${Math.floor(ranMs(record) / 1000)}`,
  });
}

async function decideWhatNext(
  ctx: Context,
  record: ContainerRecord,
  live: LiveContainer,
  run: Pick<Run, "isExitWanted" | "isKept" | "isRestartDue">,
): Promise<void> {
  const { exitCode } = record.state;
  const delayMs = restartDelayMs(record.hostConfig.RestartPolicy, {
    exitCode,
    ranMs: ranMs(record),
    restartCount: record.restartCount,
    lastDelayMs: live.restartDelayMs,
    isWanted: run.isExitWanted || live.isBeingRemoved,
    isDue: run.isRestartDue,
  });
  if (delayMs !== undefined) backOff(ctx, record, delayMs);
  live.waiters.notifyExit({ exitCode, error: undefined });
  const isAutoRemoved = record.hostConfig.AutoRemove && !run.isKept && !live.isBeingRemoved;
  if (isAutoRemoved) await removeHeld(ctx, record, { volumes: true });
}

function ranMs(record: ContainerRecord): number {
  return Math.max(0, millisOf(record.state.finishedAt) - millisOf(record.state.startedAt));
}

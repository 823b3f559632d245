import { existsSync } from "node:fs";
import { Limiter } from "#base/async.ts";
import type { ExitStatus, Recovered } from "#runtime/types.ts";
import { bootContainers } from "./boot.ts";
import type { Context } from "./context.ts";
import { undoCreate } from "./create.ts";
import { recoverDebugged } from "./debug.ts";
import { emitContainerEvent } from "./emit.ts";
import { recoverSessions } from "./exec-recover.ts";
import { recordExit, tellExit } from "./exit.ts";
import { removeLeftovers } from "./leftovers.ts";
import { isUp } from "./lifecycle.ts";
import { settleConnections } from "./networking.ts";
import { pathsOf } from "./paths.ts";
import { restorePause } from "./pause.ts";
import { releaseRun } from "./release.ts";
import { removeHeld } from "./remove.ts";
import { adoptProcess } from "./start.ts";
import { stopForShutdown } from "./stop.ts";
import type { ContainerRecord } from "./types.ts";

/** Supervisors asked at a time. */
const AT_ONCE = 8;

/** The supervisor was killed: as a shell counts SIGKILL. */
const KILLED_CODE = 137;
/** Nobody can know: the machine went down. Docker's code for it. */
const UNKNOWN_CODE = 255;

/**
 * Makes records and reality agree after the last daemon ended, however it did. Only containers whose record says that
 * something may be going on are looked at, so that a thousand stopped ones cost nothing.
 *
 * Order matters. Who runs must be known before networks and volumes are told, they must stand before anything starts
 * again, and leftovers are searched when every record is settled.
 */
export async function recoverContainers(ctx: Context): Promise<void> {
  const suspects = [...ctx.records.all()].filter(({ state }) => isUp(state.status) || state.isStarting);
  const found = await lookFor(ctx, suspects);
  const running = new Set<string>();
  for (const [record, recovered] of found) {
    if (recovered.state !== "running") continue;
    running.add(record.id);
    adopt(ctx, record, recovered.process);
  }
  ctx.networks.recover(running);
  for (const id of running) settleConnections(ctx, ctx.records.resolve(id));
  await ctx.volumes.recover(running);
  await findSessions(ctx, running);
  for (const [record, recovered] of found)
    if (recovered.state !== "running") await settle(ctx, record, recovered);
  await finishRemovals(ctx);
  await removeLeftovers(ctx, running);
  ctx.shipping.recover(running);
  if (!ctx.settings.liveRestore) await stopSurvivors(ctx, running);
  const ended = new Set(suspects.filter(({ id }) => !ctx.live.find(id)?.run).map(({ id }) => id));
  void bootContainers(ctx, ended); // requests need not wait for it: each container has its lock
}

async function findSessions(ctx: Context, running: ReadonlySet<string>): Promise<void> {
  const limiter = new Limiter(AT_ONCE);
  const find = (id: string) =>
    recoverSessions(ctx, ctx.records.resolve(id)).catch((error) =>
      ctx.log.warn("cannot find the exec sessions of a container again", { container: id, error }),
    );
  await Promise.all([...running].map((id) => limiter.run(() => find(id))));
}

/** The last daemon died and could not take its containers along. */
async function stopSurvivors(ctx: Context, running: ReadonlySet<string>): Promise<void> {
  await Promise.all(
    [...running].map((id) =>
      stopForShutdown(ctx, id).catch((error) =>
        ctx.log.error("cannot stop a container of the last engine", { container: id, error }),
      ),
    ),
  );
}

async function lookFor(
  ctx: Context,
  suspects: readonly ContainerRecord[],
): Promise<(readonly [ContainerRecord, Recovered])[]> {
  const limiter = new Limiter(AT_ONCE);
  return await Promise.all(
    suspects.map(async (record) => {
      const { runDirectory, directory } = pathsOf(ctx.settings, record.id);
      const request = { id: record.id, runDirectory, stateDirectory: directory };
      return [record, await limiter.run(() => ctx.runtime.recover(request))] as const;
    }),
  );
}

/** It runs: a start that was under way has succeeded, and a pause or its end that was under way is completed. */
function adopt(
  ctx: Context,
  record: ContainerRecord,
  process: Extract<Recovered, { state: "running" }>["process"],
): void {
  const { status, isStarting } = record.state;
  adoptProcess(ctx, record, process);
  recoverDebugged(ctx, record);
  if (isStarting) emitContainerEvent(ctx, record, "start");
  if (status === "paused") ctx.records.updateState(record.id, { status });
  try {
    restorePause(ctx, ctx.records.resolve(record.id));
  } catch (error) {
    ctx.log.warn("cannot pause or unpause a container again", { container: record.id, error });
  }
}

/** It does not run: its end is recorded and told now, or the start that never came about is undone. */
async function settle(
  ctx: Context,
  record: ContainerRecord,
  recovered: Exclude<Recovered, { state: "running" }>,
): Promise<void> {
  const { id, state } = record;
  const wasRunning = state.status === "running" || state.status === "paused";
  const status = recovered.state === "exited" ? recovered.status : lostStatus(ctx, id);
  let settled: ContainerRecord;
  if (wasRunning || (state.isStarting && recovered.state === "exited")) settled = recordExit(ctx, id, status);
  else
    settled = ctx.records.updateState(id, {
      status: state.status === "restarting" ? "exited" : state.status,
      isStarting: false,
      error: state.isStarting ? "the engine ended while it started this container" : state.error,
    });
  await releaseRun(ctx, settled).catch((error) =>
    ctx.log.error("a container of the last engine left something behind", { container: id, error }),
  );
  if (wasRunning) tellExit(ctx, settled, status);
}

function lostStatus(ctx: Context, id: string): ExitStatus {
  const hasRunDirectory = existsSync(pathsOf(ctx.settings, id).runDirectory); // on a tmpfs: gone with the machine
  return {
    code: hasRunDirectory ? KILLED_CODE : UNKNOWN_CODE,
    signal: 0,
    oomKilled: false,
    finishedAt: ctx.ticker.now(),
  };
}

/** Removals that were due or under way are done; containers that were never answered for go away. */
async function finishRemovals(ctx: Context): Promise<void> {
  const writables = new Set(ctx.snapshots.writables());
  for (const record of [...ctx.records.all()]) {
    const { status } = record.state;
    const isDue = status === "exited" && record.hostConfig.AutoRemove;
    const isUnanswered = status === "created" && !writables.has(record.id);
    try {
      if (isUnanswered) await undoCreate(ctx, record);
      else if (status === "removing" || isDue)
        await removeHeld(ctx, record, {
          volumes: record.state.removesVolumes ?? record.hostConfig.AutoRemove ?? false,
        });
    } catch (error) {
      ctx.log.error("cannot finish the removal of a container", { container: record.id, error });
    }
  }
}

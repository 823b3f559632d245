import { InvalidArgument, messageOf, Unavailable } from "#base/errors.ts";
import type { RestoreSource, SupervisedProcess } from "#runtime/types.ts";
import { nextGroupOf } from "./cgroup-path.ts";
import { restoreSource } from "./checkpoints.ts";
import type { Context } from "./context.ts";
import { holdDebugged, refuseDebugged, releaseDebugged } from "./debug.ts";
import { emitContainerEvent, subjectOf } from "./emit.ts";
import { recordFact, withState } from "./facts.ts";
import { writeHosts } from "./files.ts";
import { FIRST_HEALTH, planHealth } from "./health-policy.ts";
import { launch, runtimeOf } from "./launch.ts";
import { isUp, nextStatus } from "./lifecycle.ts";
import { linkersOf } from "./links.ts";
import { Run } from "./live.ts";
import { releaseRun } from "./release.ts";
import { removeHeld } from "./remove.ts";
import { startExitCode } from "./start-exit-code.ts";
import type { ContainerRecord } from "./types.ts";

/** For the record, when the failure does not say: what Docker calls an unknown start failure. */
const UNKNOWN_START_FAILURE = 128;

export interface StartOptions {
  /** Name of a checkpoint to go on from. */
  readonly checkpoint?: string | undefined;
  readonly checkpointDir?: string | undefined;
}

export async function startContainer(
  ctx: Context,
  nameOrId: string,
  { checkpoint = "", checkpointDir = "" }: StartOptions = {},
): Promise<void> {
  const { id } = ctx.records.resolve(nameOrId);
  if (checkpointDir !== "") throw new InvalidArgument("custom checkpointdir is not supported");
  if (checkpoint !== "") await ctx.runtime.checkCheckpoints(runtimeOf(ctx, ctx.records.resolve(id)));
  const asked = ctx.records.resolve(id);
  if (asked.debugs === undefined || isUp(asked.state.status)) return await start(ctx, id, checkpoint);
  await holdDebugged(ctx, asked);
  try {
    await start(ctx, id, checkpoint);
  } catch (error) {
    const now = ctx.records.get(id);
    if (!now || !isUp(now.state.status)) releaseDebugged(ctx, asked);
    throw error;
  }
}

async function start(ctx: Context, id: string, checkpoint: string): Promise<void> {
  await ctx.locks.run(id, async () => {
    const record = ctx.records.resolve(id);
    nextStatus(subjectOf(ctx, record), "start");
    const restore = checkpoint === "" ? undefined : restoreSource(ctx, record, checkpoint);
    await startHeld(ctx, record, { isAutomatic: false, restore });
  });
}

/**
 * One run begins. The caller holds the container's lock.
 *
 * The intent is recorded before the first effect and replaced by "running" after the last: a daemon that dies in between
 * leaves a record that makes the next one look what came of it.
 * @param options.isAutomatic the restart policy's doing: it keeps counting, and what the user last wanted still holds
 */
export async function startHeld(
  ctx: Context,
  record: ContainerRecord,
  options: { readonly isAutomatic: boolean; readonly restore?: RestoreSource | undefined },
): Promise<void> {
  const { id } = record;
  if (ctx.live.isShuttingDown)
    throw new Unavailable(`cannot start container ${id}: the engine is shutting down`);
  refuseDebugged(ctx, record, "start");
  const live = ctx.live.of(id);
  const begun = ctx.records.put({
    ...record,
    ...(options.isAutomatic
      ? { restartCount: record.restartCount + 1 }
      : { restartCount: 0, stoppedByUser: false }),
    state: {
      ...record.state,
      isStarting: true,
      error: "",
      health: undefined,
      cgroupPath: nextGroupOf(ctx.settings, record),
    },
  });
  if (!options.isAutomatic) live.restartDelayMs = 0;
  try {
    const process = await launch(ctx, begun, [...live.waitingReaders], options.restore);
    adoptProcess(ctx, begun, process);
  } catch (error) {
    await undoStart(ctx, begun, error);
    throw error;
  }
  live.waitingReaders.clear();
  tellLinkers(ctx, id);
  emitContainerEvent(ctx, begun, "start");
}

/** Who links to it finds its new address in its hosts file. */
function tellLinkers(ctx: Context, id: string): void {
  for (const linker of linkersOf(ctx, id)) {
    const sandbox = ctx.networks.sandbox(linker.id);
    try {
      if (sandbox) writeHosts(ctx, linker, sandbox);
    } catch (error) {
      ctx.log.warn("cannot tell a container the address of what it links to", {
        container: linker.id,
        error,
      });
    }
  }
}

/** The process runs: from here on its end is waited for. */
export function adoptProcess(ctx: Context, record: ContainerRecord, process: SupervisedProcess): void {
  ctx.records.updateState(record.id, {
    status: "running",
    isStarting: false,
    pid: process.pid,
    startedAt: process.startedAt,
    exitCode: 0,
    oomKilled: false,
    error: "",
    health: planHealth(record.config) && (record.state.health ?? FIRST_HEALTH),
  });
  const run = new Run(process);
  ctx.live.of(record.id).run = run;
  void process.exited.then((status) => ctx.onExit(record.id, run, status));
  ctx.onRun(record.id, run);
}

/** Back to where the container stood, with the reason and the code a shell would give in its record. */
async function undoStart(ctx: Context, record: ContainerRecord, error: unknown): Promise<void> {
  const { id } = record;
  try {
    await releaseRun(ctx, record);
  } catch (failure) {
    ctx.log.error("cannot undo a failed start", { container: id, error: failure });
  }
  const live = ctx.live.of(id);
  for (const reader of live.waitingReaders) reader.failed();
  live.waitingReaders.clear();
  const change = {
    status: record.state.status === "restarting" ? "exited" : record.state.status,
    isStarting: false,
    exitCode: startExitCode(error, UNKNOWN_START_FAILURE),
    error: messageOf(error),
  };
  const failed = recordFact(ctx, withState(record, change));
  live.waiters.notifyExit({ exitCode: failed.state.exitCode, error: undefined });
  if (record.hostConfig.AutoRemove && !live.isBeingRemoved) await removeHeld(ctx, failed, { volumes: true });
}

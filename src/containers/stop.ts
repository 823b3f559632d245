import { NotFound, NotModified } from "#base/errors.ts";
import { endBackOff } from "./back-off.ts";
import type { Context } from "./context.ts";
import { emitContainerEvent, subjectOf } from "./emit.ts";
import { recordFact } from "./facts.ts";
import { nextStatus } from "./lifecycle.ts";
import type { Run } from "./live.ts";
import { endsAfterKill, endsWithin } from "./run-end.ts";
import { endsContainer, signalRun } from "./signal-run.ts";
import { parseSignal, SIGKILL, SIGTERM } from "./signals.ts";
import { startHeld } from "./start.ts";
import type { ContainerRecord, OnUnhealthy } from "./types.ts";

/*
 * Why nothing here waits inside the lock. A stop may take its ten seconds, and meanwhile `kill`, `rm -f` or a second,
 * shorter stop must get through. So the lock is held only for single steps: look at the state, note that the end is
 * wanted, send the signal. The waiting is done outside, on `run.handled` of the run the signal went to. Whatever
 * happened meanwhile, that promise is the truth about this run; a run that began later is never touched, because each
 * step under the lock asks first whether the container's run is still the same one.
 */

export interface StopOptions {
  /** -1: for ever; undefined: the container's own. */
  readonly timeoutSeconds?: number;
  readonly signal?: string;
}

/** Timers cannot take more: some 24 days. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export async function stopContainer(ctx: Context, nameOrId: string, options: StopOptions): Promise<void> {
  const { id } = ctx.records.resolve(nameOrId);
  await endRun(ctx, id, options, STOP);
  const stopped = ctx.records.get(id);
  if (stopped) emitContainerEvent(ctx, stopped, "stop"); // else --rm was faster
}

export async function restartContainer(ctx: Context, nameOrId: string, options: StopOptions): Promise<void> {
  const { id } = ctx.records.resolve(nameOrId);
  if (await endIfUp(ctx, id, options)) {
    const stopped = ctx.records.get(id);
    if (stopped) emitContainerEvent(ctx, stopped, "stop");
  }
  await ctx.locks.run(id, async () => {
    const record = ctx.records.resolve(id);
    if (record.state.status !== "running") {
      nextStatus(subjectOf(ctx, record), "start");
      await startHeld(ctx, record, { isAutomatic: false });
    }
    emitContainerEvent(ctx, ctx.records.resolve(id), "restart");
  });
}

/** @returns false when it does not run: all the better for a restart */
async function endIfUp(ctx: Context, id: string, options: StopOptions): Promise<boolean> {
  try {
    await endRun(ctx, id, options, RESTART);
    return true;
  } catch (error) {
    if (!(error instanceof NotModified)) throw error;
    return false;
  }
}

/**
 * An unhealthy run ends as a stop would end it. For "restart" the way back leads through the back-off, so that a
 * container that never becomes healthy does not keep the host busy; a stop by a user meanwhile is final.
 */
export async function endUnhealthy(ctx: Context, id: string, run: Run, action: OnUnhealthy): Promise<void> {
  if (action === "restart") {
    run.isRestartDue = true;
    return await endRun(ctx, id, {}, { ...RENEWAL, only: run });
  }
  await endRun(ctx, id, {}, { ...STOP, only: run });
  const stopped = ctx.records.get(id);
  if (stopped) emitContainerEvent(ctx, stopped, "stop");
}

/** The daemon goes and takes its containers along: restart policies bring them back with the next one. */
export async function stopForShutdown(ctx: Context, id: string, timeoutSeconds?: number): Promise<void> {
  const options = timeoutSeconds === undefined ? {} : { timeoutSeconds };
  await endRun(ctx, id, options, SHUTDOWN).catch((error) => {
    if (!(error instanceof NotModified)) throw error;
  });
}

/** @param signalName undefined: SIGKILL. Docker's clients expect the container to have ended only after that one */
export async function killContainer(
  ctx: Context,
  nameOrId: string,
  signalName: string | undefined,
): Promise<void> {
  const { id } = resolveToKill(ctx, nameOrId);
  const signal = parseSignal(signalName || "KILL");
  const run = await ctx.locks.run(id, () => {
    const record = ctx.records.resolve(id);
    nextStatus(subjectOf(ctx, record), "kill");
    const wanted = recordFact(ctx, { ...record, stoppedByUser: true });
    if (record.state.status === "restarting") return void endBackOff(ctx, id);
    const current = ctx.live.of(id).run!;
    if (endsContainer(record, signal)) current.isExitWanted = true;
    signalRun(ctx, wanted, current, signal);
    return current;
  });
  if (run && signal === SIGKILL) await endsAfterKill(ctx, run, id);
}

/** Why a run is to end, as far as it decides what comes after. */
interface Ending {
  /** "unless-stopped" stays down at the next daemon start. */
  readonly isUsersWish: boolean;
  /** No restart policy is asked. */
  readonly isFinal: boolean;
  /** --rm does not remove the container. */
  readonly isKept: boolean;
  /** A run that began later is left alone. */
  readonly only?: Run;
}

const STOP: Ending = { isUsersWish: true, isFinal: true, isKept: false };
const RESTART: Ending = { isUsersWish: false, isFinal: true, isKept: true };
const RENEWAL: Ending = { isUsersWish: false, isFinal: false, isKept: false };
const SHUTDOWN: Ending = { isUsersWish: false, isFinal: true, isKept: false };

/** Ends the current run: politely, then with SIGKILL. */
async function endRun(ctx: Context, id: string, options: StopOptions, ending: Ending): Promise<void> {
  const record = ctx.records.resolve(id);
  const signal = parseSignal(options.signal || record.config.StopSignal || `${SIGTERM}`);
  const run = await ctx.locks.run(id, () => beginStop(ctx, id, signal, ending));
  if (!run || (await endsWithin(ctx, run, timeoutMs(ctx, record, options)))) return;
  await ctx.locks.run(id, () => {
    const current = ctx.records.get(id);
    if (current && ctx.live.find(id)?.run === run) signalRun(ctx, current, run, SIGKILL);
  });
  await endsAfterKill(ctx, run, id);
}

/** @returns the run to wait for; none when the container was only waiting for a restart */
function beginStop(ctx: Context, id: string, signal: number, ending: Ending): Run | undefined {
  const record = ctx.records.resolve(id);
  const { run } = ctx.live.of(id);
  if (ending.only && run !== ending.only) return undefined;
  nextStatus(subjectOf(ctx, record), "stop");
  const wanted = ending.isUsersWish ? recordFact(ctx, { ...record, stoppedByUser: true }) : record;
  if (record.state.status === "restarting") return void endBackOff(ctx, id);
  if (ending.isFinal) run!.isExitWanted = true;
  run!.isKept = ending.isKept;
  signalRun(ctx, wanted, run!, signal);
  return run;
}

function timeoutMs(ctx: Context, record: ContainerRecord, options: StopOptions): number {
  const seconds = options.timeoutSeconds ?? record.config.StopTimeout ?? ctx.settings.stopTimeoutSeconds;
  return seconds < 0 || seconds * 1000 > MAX_TIMER_MS ? Number.POSITIVE_INFINITY : seconds * 1000;
}

function resolveToKill(ctx: Context, nameOrId: string): ContainerRecord {
  try {
    return ctx.records.resolve(nameOrId);
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    throw new NotFound(`cannot kill container: ${nameOrId}: ${error.message}`, { cause: error });
  }
}

import { existsSync, rmSync } from "node:fs";
import { teardownAll } from "#base/dispose.ts";
import { Conflict, Internal, InvalidArgument, messageOf, NotFound } from "#base/errors.ts";
import { parseLink } from "#spec/docker/links.ts";
import { endBackOff } from "./back-off.ts";
import type { Context } from "./context.ts";
import { refuseDebugged } from "./debug.ts";
import { emitContainerEvent, subjectOf } from "./emit.ts";
import { recordFact, withState } from "./facts.ts";
import { nextStatus } from "./lifecycle.ts";
import type { Run } from "./live.ts";
import { pathsOf } from "./paths.ts";
import { releaseRun } from "./release.ts";
import { endsAfterKill } from "./run-end.ts";
import { signalRun } from "./signal-run.ts";
import { SIGKILL } from "./signals.ts";
import type { ContainerRecord } from "./types.ts";

export async function removeContainer(
  ctx: Context,
  nameOrId: string,
  options: { readonly force: boolean; readonly volumes: boolean; readonly link: boolean },
): Promise<void> {
  if (options.link) return removeLink(ctx, nameOrId);
  const { id } = ctx.records.resolve(nameOrId);
  const run = await heldInTime(ctx, id, () => beginRemoval(ctx, id, options.force));
  try {
    if (run) await endsAfterKill(ctx, run, id);
    await ctx.locks.run(id, () => removeHeld(ctx, ctx.records.resolve(id), options));
  } catch (error) {
    const live = ctx.live.find(id);
    if (live) live.isBeingRemoved = false;
    throw error;
  }
}

/** Who copies a stopped container's files holds its lock for as long as the client reads. */
const LOCK_DEADLINE_MS = 30_000;

/** @throws Conflict naming who has the container when it does not become free */
async function heldInTime<T>(ctx: Context, id: string, work: () => T): Promise<T> {
  const waiting = ctx.locks.acquire(id);
  const inTime = new AbortController();
  const late = ctx.clock.sleep(LOCK_DEADLINE_MS, inTime.signal).then(() => undefined);
  const held = await Promise.race([waiting, late]);
  inTime.abort();
  if (held) {
    using _held = held;
    return work();
  }
  void waiting.then((came) => came[Symbol.dispose]());
  const name = ctx.records.get(id)?.name ?? id;
  const who = ctx.live.find(id)?.busyWith ?? "an operation that does not end";
  throw new Conflict(
    `cannot remove container "/${name}": it is in use by ${who}: end that first, or ask again`,
  );
}

/** Nobody else may remove or start it from here on. @returns the run that must end first */
function beginRemoval(ctx: Context, id: string, force: boolean): Run | undefined {
  const record = ctx.records.resolve(id);
  nextStatus(subjectOf(ctx, record), force ? "forceRemove" : "remove");
  refuseDebugged(ctx, record, "be removed");
  const live = ctx.live.of(id);
  live.isBeingRemoved = true;
  if (record.state.status === "restarting") endBackOff(ctx, id);
  if (live.run) {
    live.run.isExitWanted = true;
    signalRun(ctx, record, live.run, SIGKILL);
  }
  return live.run;
}

/**
 * Everything the container owned, then its record. The caller holds the container's lock, and nothing of it runs.
 * A crash in between leaves the record in "removing": the next daemon goes on from there.
 * @throws Internal naming what could not be removed; the container is "dead" then and may be removed again
 */
export async function removeHeld(
  ctx: Context,
  record: ContainerRecord,
  options: { readonly volumes: boolean },
): Promise<void> {
  const { id, name } = record;
  const live = ctx.live.of(id);
  live.isBeingRemoved = true;
  const removing = recordFact(
    ctx,
    withState(ctx.records.resolve(id), { status: "removing", removesVolumes: options.volumes }),
  );
  try {
    if (existsSync(pathsOf(ctx.settings, id).root)) await releaseRun(ctx, removing); // its exit could not
    await removeBelongings(ctx, removing, options);
  } catch (error) {
    live.isBeingRemoved = false;
    const reason = reasonsOf(error);
    recordFact(ctx, withState(removing, { status: "dead", error: reason }));
    live.waiters.notifyRemovalFailed({ exitCode: removing.state.exitCode, error: reason });
    throw new Internal(`cannot remove container "/${name}": ${reason}`, { cause: error });
  }
  ctx.records.delete(id);
  ctx.live.forget(id);
  ctx.sessions.forgetAllOf(id);
  emitContainerEvent(ctx, removing, "destroy");
  for (const reader of live.waitingReaders) reader.failed();
  live.waiters.notifyRemoved({ exitCode: removing.state.exitCode, error: undefined });
}

/** Teardown tries all its steps: each one that failed is named. */
function reasonsOf(error: unknown): string {
  return error instanceof AggregateError ? error.errors.map(messageOf).join("; ") : messageOf(error);
}

/** What stays on disk between runs. "Gone already" counts as done. */
export async function removeBelongings(
  ctx: Context,
  record: ContainerRecord,
  options: { readonly volumes: boolean },
): Promise<void> {
  const { id } = record;
  await teardownAll(`container ${id}`, [
    () => ctx.snapshots.removeWritable(id),
    ...record.mounts.map(({ image }) => async () => {
      if (image) await ctx.snapshots.removeWritable(image.snapshot);
    }),
    () => rmSync(pathsOf(ctx.settings, id).directory, { recursive: true, force: true }),
    () => ctx.shipping.removed(id),
    () => releaseVolumes(ctx, record, options.volumes),
  ]);
}

async function releaseVolumes(
  ctx: Context,
  record: ContainerRecord,
  removeAnonymous: boolean,
): Promise<void> {
  await ctx.volumes.release(record.id);
  if (!removeAnonymous) return;
  for (const mount of record.mounts) {
    if (!mount.anonymous || mount.volume === undefined) continue;
    try {
      await ctx.volumes.remove(mount.volume, { force: false });
    } catch (error) {
      // Another container may use it by now, and somebody else may have removed it.
      if (!(error instanceof Conflict || error instanceof NotFound)) throw error;
    }
  }
}

/** `rm --link /web/db`: web forgets its link to what it calls db. */
function removeLink(ctx: Context, path: string): void {
  const [parent = "", alias = ""] = path.replace(/^\//, "").split("/");
  if (alias === "")
    throw new InvalidArgument("Conflict, cannot remove the default link name of the container");
  const record = ctx.records.resolve(parent);
  const links = record.hostConfig.Links ?? [];
  const kept = links.filter((link) => parseLink(link).alias !== alias);
  if (kept.length === links.length) throw new NotFound(`Cannot get parent ${parent} for link ${path}`);
  ctx.records.update(record.id, { hostConfig: { ...record.hostConfig, Links: kept } });
}

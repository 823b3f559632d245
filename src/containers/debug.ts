import { existsSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Conflict, InvalidArgument } from "#base/errors.ts";
import type { SpecMount } from "#runtime/spec/types.ts";
import type { Context } from "./context.ts";
import { refuseRemoved } from "./file-view.ts";
import { debugDirectory, pathsOf } from "./paths.ts";
import { removeMount } from "./release.ts";
import type { ContainerRecord } from "./types.ts";

/** Where a debugging container finds the files of the one it looks at. */
const TARGET = "/target";

/*
 * A debugging container has another's files at /target. Those of a running one are mounted already. Those of a stopped
 * one are mounted for as long as the debugging container runs, and meanwhile nobody else may use them: the target
 * neither starts nor is copied from nor removed. That is decided under the target's lock, before the debugging
 * container's is taken, so that nobody holds two.
 */

/** @returns the debugged container's id @throws InvalidArgument */
export function findDebugged(
  ctx: Pick<Context, "records">,
  name: string,
  record: Pick<ContainerRecord, "hostConfig">,
): string {
  const target = ctx.records.find(name);
  if (!target) throw new InvalidArgument(`cannot debug ${name}: No such container: ${name}`);
  if (target.debugs !== undefined)
    throw new InvalidArgument(`cannot debug ${name}: it is a debugging container itself`);
  const policy = record.hostConfig.RestartPolicy?.Name || "no";
  if (policy !== "no") throw new InvalidArgument("a debugging container cannot have a restart policy");
  return target.id;
}

/** Takes a stopped container's files; nothing to do for one that runs. The caller holds no lock. */
export async function holdDebugged(ctx: Context, { id, debugs }: ContainerRecord): Promise<void> {
  if (debugs === undefined) return;
  await ctx.locks.run(debugs, () => {
    const target = ctx.records.resolve(debugs);
    if (isMounted(target)) return;
    refuseRemoved(ctx, target);
    refuseDebugged(ctx, target, "be debugged twice");
    const path = debugRoot(ctx, id);
    mkdirSync(path, { recursive: true, mode: 0o700 });
    ctx.mounts.root(ctx.snapshots.rootMount(target.id), path);
    ctx.live.of(target.id).debuggedBy = id;
  });
}

/** A stopped container's files go back. Gone already counts as done. */
export function releaseDebugged(ctx: Context, { id, debugs }: ContainerRecord): void {
  if (debugs === undefined) return;
  removeMount(ctx, debugRoot(ctx, id));
  const target = ctx.live.find(debugs);
  if (target?.debuggedBy === id) target.debuggedBy = undefined;
}

/** A daemon that finds a debugging container at work remembers what it holds. */
export function recoverDebugged(ctx: Context, { id, debugs }: ContainerRecord): void {
  if (debugs !== undefined && existsSync(debugRoot(ctx, id))) ctx.live.of(debugs).debuggedBy = id;
}

/** What a debugging container has mounted besides its own things. @throws Conflict when its target has gone */
export function debugMounts(ctx: Context, { id, debugs }: ContainerRecord): SpecMount[] {
  if (debugs === undefined) return [];
  const held = debugRoot(ctx, id);
  const target = ctx.records.resolve(debugs);
  if (!existsSync(held) && !isMounted(target))
    throw new Conflict(`container ${target.id} has stopped meanwhile: debug it again`);
  const source = existsSync(held) ? held : pathsOf(ctx.settings, target.id).root;
  return [{ type: "bind", destination: TARGET, source, readOnly: false, propagation: "" }];
}

/** @throws Conflict that names who has the container's files */
export function refuseDebugged(
  ctx: Pick<Context, "live" | "records">,
  record: ContainerRecord,
  what: string,
): void {
  const holder = ctx.live.find(record.id)?.debuggedBy;
  if (holder === undefined) return;
  const name = ctx.records.get(holder)?.name ?? holder;
  throw new Conflict(
    `container "/${record.name}" cannot ${what} while container "/${name}" debugs it: end that one first`,
  );
}

function debugRoot(ctx: Context, id: string): string {
  return join(debugDirectory(ctx.settings), id);
}

function isMounted({ state }: ContainerRecord): boolean {
  return state.status === "running" || state.status === "paused";
}

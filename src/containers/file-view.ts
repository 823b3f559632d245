import { existsSync, mkdirSync } from "node:fs";
import { teardownAll } from "#base/dispose.ts";
import { Conflict, Unavailable } from "#base/errors.ts";
import type { FileView, ViewBind } from "#storage/files/types.ts";
import type { PlannedMount } from "#volumes/types.ts";
import type { Context } from "./context.ts";
import { refuseDebugged } from "./debug.ts";
import { generatedFiles } from "./files.ts";
import { findBindSource, findMountSources } from "./mount-sources.ts";
import { pathsOf } from "./paths.ts";
import { removeMount } from "./release.ts";
import { releaseStaged, stagedSource } from "./staged-mounts.ts";
import type { ContainerRecord } from "./types.ts";
import { isRemapped } from "./user-namespace.ts";

/** A container's files as it sees them, for as long as this is open. */
export interface OpenView extends AsyncDisposable {
  readonly record: ContainerRecord;
  readonly view: FileView;
}

/** Opened one after the other until one holds: a container may stop, or start, while we look. */
const MAX_TRIES = 5;
/** More often than a container can stop and start by chance. */
const TRIES_BY_PROCESS = 2;

/**
 * Does something with a container's files. A running container is looked at through its process, with everything it
 * has mounted. One that does not run is mounted for the occasion and locked meanwhile: two mounts of one writable
 * directory must not meet.
 * @param work may be repeated while it throws Unavailable; takes the view over when it succeeds
 */
export async function withView<T>(
  ctx: Context,
  nameOrId: string,
  work: (opened: OpenView) => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    const opened = await openView(ctx, nameOrId, tries);
    try {
      return await work(opened);
    } catch (error) {
      await opened[Symbol.asyncDispose]();
      if (!(error instanceof Unavailable) || tries === MAX_TRIES) throw error;
    }
  }
}

async function openView(ctx: Context, nameOrId: string, tries: number): Promise<OpenView> {
  const record = ctx.records.resolve(nameOrId);
  if (isRunning(record)) return openRunning(ctx, record, tries);
  const held = await ctx.locks.acquire(record.id);
  try {
    const now = ctx.records.resolve(record.id);
    if (!isRunning(now)) return await openStopped(ctx, now, held);
    held[Symbol.dispose]();
    return openRunning(ctx, now, tries);
  } catch (error) {
    held[Symbol.dispose]();
    throw error;
  }
}

function isRunning({ state }: ContainerRecord): boolean {
  return state.status === "running" || state.status === "paused";
}

function openRunning(ctx: Context, record: ContainerRecord, tries: number): OpenView {
  const { root } = pathsOf(ctx.settings, record.id);
  const ids = idsOf(ctx, record);
  // A process that has gone into a root of its own shows nothing: then its root and volumes are put together anew.
  const view: FileView =
    tries <= TRIES_BY_PROCESS
      ? { root: `/proc/${record.state.pid}/root`, sameAs: root, binds: [], ids }
      : { root, binds: bindsOf(ctx, record, runningSources(ctx, record)), readOnly: isReadOnly(record), ids };
  return { record, view, [Symbol.asyncDispose]: async () => {} };
}

/** Only a running container's files are seen with shifted ids. */
export function idsOf(ctx: Context, record: ContainerRecord): FileView["ids"] {
  return isRemapped(ctx, record) ? ctx.userns.mappings : undefined;
}

async function openStopped(ctx: Context, record: ContainerRecord, held: Disposable): Promise<OpenView> {
  refuseRemoved(ctx, record);
  refuseDebugged(ctx, record, "be copied from or to");
  const { root, staged } = pathsOf(ctx.settings, record.id);
  const volumes = record.mounts.flatMap(({ volume }) => (volume === undefined ? [] : [volume]));
  const close = once(async () => {
    try {
      await teardownAll(`container ${record.id}: cannot give back what was mounted to copy files`, [
        () => removeMount(ctx, root),
        () => releaseStaged(ctx, staged),
        ...volumes.toReversed().map((volume) => () => ctx.volumes.unmount(volume, record.id)),
      ]);
    } finally {
      freed(ctx, record.id);
      held[Symbol.dispose]();
    }
  });
  try {
    ctx.live.of(record.id).busyWith = "a copy of its files";
    mkdirSync(root, { recursive: true, mode: 0o700 });
    ctx.mounts.root(ctx.snapshots.rootMount(record.id), root);
    const sources = await findMountSources(ctx, record, root, isShown);
    const shown = sources.filter((_, index) => isShown(record.mounts[index]!));
    const view = { root, binds: bindsOf(ctx, record, shown), readOnly: isReadOnly(record) };
    return { record, view, [Symbol.asyncDispose]: close };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Again would be wrong: by then the container may run, with the same things mounted. */
export function once(work: () => Promise<void>): () => Promise<void> {
  let done: Promise<void> | undefined;
  return () => (done ??= work());
}

/** Nobody's files are in use any more. */
export function freed(ctx: Pick<Context, "live">, id: string): void {
  const live = ctx.live.find(id);
  if (live) live.busyWith = undefined;
}

/** @throws Conflict in Docker's words */
export function refuseRemoved(ctx: Pick<Context, "live">, { id, state }: ContainerRecord): void {
  if (state.status === "dead") throw new Conflict(`container ${id} is dead`);
  if (state.status === "removing" || ctx.live.find(id)?.isBeingRemoved)
    throw new Conflict(`container ${id} is being removed`);
}

function isReadOnly({ hostConfig }: ContainerRecord): boolean {
  return hostConfig.ReadonlyRootfs ?? false;
}

/** A tmpfs is there only while the container runs. */
function isShown({ type }: ContainerRecord["mounts"][number]): boolean {
  return type !== "tmpfs";
}

interface Source {
  readonly destination: string;
  readonly source: string;
  readonly readOnly: boolean;
  readonly recursive?: boolean;
}

function runningSources(ctx: Context, record: ContainerRecord): Source[] {
  return record.mounts.flatMap((mount, index) => {
    if (!isShown(mount)) return [];
    const source = stagedSource(ctx, record, index) ?? plainSource(ctx, record, mount);
    return [{ destination: mount.destination, source, readOnly: mount.readOnly, recursive: mount.recursive }];
  });
}

function plainSource(ctx: Context, record: ContainerRecord, mount: PlannedMount): string {
  if (mount.volume === undefined) return findBindSource(mount);
  return shiftedIfRemapped(ctx, record, ctx.volumes.get(mount.volume).mountpoint);
}

function shiftedIfRemapped(ctx: Context, record: ContainerRecord, path: string): string {
  return isRemapped(ctx, record) ? ctx.userns.shifted(path) : path;
}

/** Outer places before those in them; the files the engine writes for each container are among them. */
function bindsOf(ctx: Context, record: ContainerRecord, sources: readonly Source[]): ViewBind[] {
  const { hosts, hostname, resolvConf } = generatedFiles(ctx, record);
  const own = Object.entries({
    "/etc/hosts": hosts,
    "/etc/hostname": hostname,
    "/etc/resolv.conf": resolvConf,
  })
    .filter(
      ([place, source]) => existsSync(source) && !sources.some(({ destination }) => destination === place),
    )
    .map(([destination, source]) => ({ destination, source, readOnly: false, recursive: false }));
  const depth = (path: string) => path.split("/").length;
  return [...own, ...sources]
    .map(({ destination, source, readOnly, recursive = true }) => ({
      destination,
      source,
      readOnly,
      recursive,
    }))
    .sort((a, b) => depth(a.destination) - depth(b.destination));
}

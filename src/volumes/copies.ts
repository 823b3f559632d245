import { Conflict, InvalidArgument, messageOf } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import { newId } from "#base/ids.ts";
import { emit, findVolume, getVolume, LOCAL, usersOf, type VolumesContext } from "./context.ts";
import { make, planVolume, refusePending, takeBack } from "./create.ts";
import { checkIsLocal } from "./look.ts";
import { mountHeld, unmountHeld } from "./mounting.ts";
import { checkVolumeName } from "./names.ts";
import type { CopyOptions, OpenArchive, VolumeRecord } from "./types.ts";

/** A new volume with the same files. */
export async function cloneVolume(
  ctx: VolumesContext,
  name: string,
  to: string,
  options: CopyOptions,
): Promise<VolumeRecord> {
  const source = getVolume(ctx, name);
  const labels = { ...source.labels, ...options.labels };
  return await copied(ctx, source, { name: to, labels, size: source.options.size }, options);
}

/** Named by the time it shows unless a name is given: "data-20260102T030405Z". */
export async function snapshotVolume(
  ctx: VolumesContext,
  name: string,
  to: string | undefined,
  options: CopyOptions,
): Promise<VolumeRecord> {
  const source = getVolume(ctx, name);
  const time = new Date(ctx.clock.now()).toISOString().replace(/[-:]|\.\d+/g, "");
  const target = { name: to || `${name}-${time}`, labels: options.labels ?? {}, snapshotOf: name };
  return await copied(ctx, source, target, options);
}

interface Target {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly snapshotOf?: string;
  /** Bound of its files, as an option of the local driver. */
  readonly size?: string | undefined;
}

async function copied(
  ctx: VolumesContext,
  source: VolumeRecord,
  { name, labels, snapshotOf, size }: Target,
  options: CopyOptions,
): Promise<VolumeRecord> {
  const operation = snapshotOf === undefined ? "clone" : "snapshot";
  checkIsLocal(source, operation);
  checkVolumeName(name);
  const volume = await ctx.locks.run(name, async () => {
    const planned = await planNew(ctx, operation, { name, labels, size });
    const whole = snapshotOf === undefined ? planned : { ...planned, snapshotOf };
    return await make(ctx, whole, async () => {
      await ctx.local.create(whole);
      await copyFiles(ctx, source.name, whole.mountpoint, options);
    });
  });
  emit(ctx, operation, source, { to: name });
  return volume;
}

/** The caller holds the name's lock. @throws Conflict */
async function planNew(
  ctx: VolumesContext,
  operation: string,
  { name, labels, size }: Target,
): Promise<VolumeRecord> {
  if (findVolume(ctx, name)) throw new Conflict(`${operation} ${name}: there is a volume ${name} already`);
  refusePending(ctx, name);
  const DriverOpts: Record<string, string> = size === undefined ? {} : { size };
  return await planVolume(ctx, { Name: name, Driver: LOCAL, Labels: { ...labels }, DriverOpts }, false);
}

/**
 * The source is mounted as for a container, so that nobody removes it and its files are those containers see. While its
 * containers stand still, no other may begin to use it.
 */
async function copyFiles(
  ctx: VolumesContext,
  name: string,
  to: string,
  { freeze = true, signal }: CopyOptions,
): Promise<void> {
  const reader = `copy-${newId()}`;
  const held = await ctx.locks.acquire(name);
  let isHeld = true;
  const letGo = () => {
    if (isHeld) held[Symbol.dispose]();
    isHeld = false;
  };
  try {
    const from = await mountHeld(ctx, getVolume(ctx, name), reader);
    if (!freeze) letGo();
    await using _still = freeze ? await ctx.freeze(usersOf(ctx, name)) : undefined;
    await ctx.files.copy(from, to, signal);
  } catch (error) {
    throw freeze ? error : changedMeanwhile(name, error);
  } finally {
    letGo();
    await endReading(ctx, name, reader);
  }
}

async function endReading(ctx: VolumesContext, name: string, reader: string): Promise<void> {
  await ctx.locks.run(name, async () => {
    const volume = ctx.records.volumes.get(name);
    if (volume) await unmountHeld(ctx, volume, reader);
  });
}

function changedMeanwhile(name: string, error: unknown): unknown {
  if (!isErrno(error, "ENOENT") && !messageOf(error).includes("ENOENT")) return error;
  return new Conflict(`volume ${name} changed while it was copied: ${messageOf(error)}`, {
    cause: error,
    hint: "freeze its containers, or stop them",
  });
}

/** The archive's owner must dispose it: the copy goes then. */
export async function exportVolume(
  ctx: VolumesContext,
  name: string,
  options: CopyOptions,
): Promise<OpenArchive> {
  const source = getVolume(ctx, name);
  return options.freeze !== false
    ? await exportCopy(ctx, source, options)
    : await exportLive(ctx, source, options);
}

async function exportLive(
  ctx: VolumesContext,
  { name }: VolumeRecord,
  { signal }: CopyOptions,
): Promise<OpenArchive> {
  const reader = `copy-${newId()}`;
  const directory = await ctx.locks.run(name, () => mountHeld(ctx, getVolume(ctx, name), reader));
  const archive = ctx.files.read(directory, signal);
  return {
    bytes: archive.bytes,
    async [Symbol.asyncDispose]() {
      await archive[Symbol.asyncDispose]();
      await endReading(ctx, name, reader);
    },
  };
}

/** The client may be slow: containers stand still for the time of a copy on this disk, not of the transfer. */
async function exportCopy(
  ctx: VolumesContext,
  source: VolumeRecord,
  options: CopyOptions,
): Promise<OpenArchive> {
  checkIsLocal(source, "export");
  const copy = await planVolume(ctx, { Name: `export-${newId()}` }, true);
  // It stays "being created": nobody sees it, and should we die, the next daemon takes it away.
  ctx.records.volumes.put({ ...copy, pending: { kind: "create" } });
  try {
    await ctx.local.create(copy);
    await copyFiles(ctx, source.name, copy.mountpoint, options);
  } catch (error) {
    await takeBack(ctx, copy);
    throw error;
  }
  const archive = ctx.files.read(copy.mountpoint, options.signal);
  return {
    bytes: archive.bytes,
    async [Symbol.asyncDispose]() {
      await archive[Symbol.asyncDispose]();
      await takeBack(ctx, copy);
    },
  };
}

/** A new volume from an archive, whose entries stay in it whatever they are called. */
export async function importVolume(
  ctx: VolumesContext,
  name: string,
  archive: AsyncIterable<Uint8Array>,
  { labels = {}, signal }: CopyOptions,
): Promise<VolumeRecord> {
  checkVolumeName(name);
  return await ctx.locks.run(name, async () => {
    const volume = await planNew(ctx, "import", { name, labels });
    return await make(ctx, volume, async () => {
      await ctx.local.create(volume);
      await ctx.files.write(volume.mountpoint, archive, signal);
    });
  });
}

/** @throws InvalidArgument when a container would write to what is to stay as it is */
export function refuseWriting({ name, snapshotOf }: VolumeRecord, readOnly: boolean): void {
  if (snapshotOf === undefined || readOnly) return;
  throw new InvalidArgument(
    `volume ${name} is a snapshot of ${snapshotOf}: it can only be mounted read-only`,
    {
      hint: `use ${name}:PATH:ro, or make a volume of it: wharf volume clone ${name} NEW`,
    },
  );
}

import { Conflict, NotFound } from "#base/errors.ts";
import {
  driverOf,
  emit,
  findVolume,
  getVolume,
  LOCAL,
  usersOf,
  type VolumesContext,
  wholeVolumes,
} from "./context.ts";
import { pruneFilter } from "./filters.ts";
import { volumeSize } from "./look.ts";
import type { VolumeFilters, VolumeRecord, VolumeRemovalPlan } from "./types.ts";

export async function removeVolume(
  ctx: VolumesContext,
  name: string,
  { force }: { readonly force: boolean },
): Promise<void> {
  await ctx.locks.run(name, async () => {
    if (!findVolume(ctx, name) && force) return;
    const volume = getVolume(ctx, name);
    refuseUsed(ctx, volume, "remove");
    await removeHeld(ctx, volume, force);
  });
}

/**
 * A crash in between leaves a record that says so, and the next daemon goes on.
 * @param force a volume whose plugin is not installed any more is forgotten
 */
export async function removeHeld(ctx: VolumesContext, volume: VolumeRecord, force = false): Promise<void> {
  const { volumes } = ctx.records;
  volumes.put({ ...volume, pending: { kind: "remove" } });
  try {
    await driverOf(ctx, volume).remove(volume);
  } catch (error) {
    if (!(force && error instanceof NotFound)) {
      volumes.put(volume);
      throw error;
    }
    ctx.log.warn("forgot a volume whose plugin is gone", { volume: volume.name, driver: volume.driver });
  }
  volumes.delete(volume.name);
  emit(ctx, "destroy", volume);
}

/** @throws Conflict in Docker's words */
export function refuseUsed(ctx: VolumesContext, { name }: VolumeRecord, operation: string): void {
  const users = [...new Set([...usersOf(ctx, name), ...(ctx.mountedFor.get(name) ?? [])])];
  if (users.length > 0) throw new Conflict(`${operation} ${name}: volume is in use - [${users.join(", ")}]`);
}

export async function planRemoval(
  ctx: VolumesContext,
  name: string,
  { force }: { readonly force: boolean },
): Promise<VolumeRemovalPlan> {
  if (!findVolume(ctx, name) && force) return { removed: [], spaceReclaimed: 0 };
  const volume = getVolume(ctx, name);
  refuseUsed(ctx, volume, "remove");
  return { removed: [name], spaceReclaimed: Math.max(await volumeSize(ctx, volume), 0) };
}

/** Volumes of plugins are somebody else's to clean, and so is what a local volume with options shows. */
function isPrunable({ driver, options }: VolumeRecord): boolean {
  return driver === LOCAL && Object.keys(options).length === 0;
}

export async function planPrune(
  ctx: VolumesContext,
  filters: VolumeFilters,
  removedContainers: ReadonlySet<string>,
): Promise<VolumeRemovalPlan> {
  const matches = pruneFilter(filters);
  const isUnused = (name: string) => usersOf(ctx, name).every((user) => removedContainers.has(user));
  const removed = wholeVolumes(ctx).filter(
    (volume) => isPrunable(volume) && matches(volume) && isUnused(volume.name),
  );
  const sizes = await Promise.all(removed.map((volume) => volumeSize(ctx, volume)));
  return {
    removed: removed.map(({ name }) => name),
    spaceReclaimed: sizes.reduce((sum, size) => sum + size, 0),
  };
}

export async function pruneVolumes(ctx: VolumesContext, filters: VolumeFilters): Promise<VolumeRemovalPlan> {
  const matches = pruneFilter(filters);
  const removed: string[] = [];
  let spaceReclaimed = 0;
  for (const candidate of wholeVolumes(ctx)) {
    if (!isPrunable(candidate) || !matches(candidate)) continue;
    const reclaimed = await ctx.locks.run(candidate.name, () => pruneHeld(ctx, candidate.name));
    if (reclaimed === undefined) continue;
    removed.push(candidate.name);
    spaceReclaimed += reclaimed;
  }
  const attributes = { reclaimed: String(spaceReclaimed) };
  ctx.events.emit({ type: "volume", action: "prune", id: "", attributes });
  return { removed, spaceReclaimed };
}

/** @returns bytes that came free; undefined when it is used, or gone */
async function pruneHeld(ctx: VolumesContext, name: string): Promise<number | undefined> {
  const volume = findVolume(ctx, name);
  if (!volume || usersOf(ctx, name).length > 0) return undefined;
  const sizeBytes = await volumeSize(ctx, volume);
  await removeHeld(ctx, volume);
  return sizeBytes;
}

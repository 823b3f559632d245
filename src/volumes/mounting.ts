import { messageOf } from "#base/errors.ts";
import { driverOf, emit, getVolume, type VolumesContext } from "./context.ts";
import type { VolumePlace, VolumeRecord } from "./types.ts";

/** @returns the directory */
export async function mountVolume(
  ctx: VolumesContext,
  name: string,
  containerId: string,
  place: VolumePlace | undefined,
): Promise<string> {
  return await ctx.locks.run(name, async () => {
    const volume = getVolume(ctx, name);
    const mountpoint = await mountHeld(ctx, volume, containerId);
    emit(ctx, "mount", volume, { container: containerId, ...placeAttributes(place) });
    return mountpoint;
  });
}

/** The caller holds the volume's lock. @param user a container, or a job of ours that reads the volume */
export async function mountHeld(ctx: VolumesContext, volume: VolumeRecord, user: string): Promise<string> {
  const users = ctx.mountedFor.get(volume.name) ?? new Set();
  const mountpoint = users.has(user) ? volume.mountpoint : await mount(ctx, volume, user);
  ctx.mountedFor.set(volume.name, users.add(user));
  return mountpoint;
}

async function mount(ctx: VolumesContext, volume: VolumeRecord, containerId: string): Promise<string> {
  const driver = driverOf(ctx, volume);
  const use = { volume: volume.name, containerId };
  const isKept = driver.mounts(volume) && ctx.records.uses.get(`${containerId}/${volume.name}`) !== undefined;
  if (isKept) ctx.records.uses.put({ ...use, isMounted: true });
  let mountpoint: string;
  try {
    mountpoint = await driver.mount(volume, containerId);
  } catch (error) {
    if (isKept) await undoMount(ctx, volume, containerId);
    throw error;
  }
  if (mountpoint !== volume.mountpoint) ctx.records.volumes.put({ ...volume, mountpoint });
  return mountpoint;
}

/** A mount that failed may have been made all the same: an answer that came too late says nothing. */
async function undoMount(ctx: VolumesContext, volume: VolumeRecord, containerId: string): Promise<void> {
  const isLast = (ctx.mountedFor.get(volume.name)?.size ?? 0) === 0;
  await endMount(ctx, volume, { containerId, isLast });
}

function placeAttributes(place: VolumePlace | undefined): Record<string, string> {
  if (!place) return {};
  const { destination, propagation, readOnly } = place;
  return { destination, propagation, "read/write": String(!readOnly) };
}

/** What its driver cannot unmount is logged, not thrown: a dead plugin must not keep a container from ending. */
export async function unmountVolume(ctx: VolumesContext, name: string, containerId: string): Promise<void> {
  if (!ctx.mountedFor.get(name)?.has(containerId)) return;
  await ctx.locks.run(name, async () => {
    const volume = ctx.records.volumes.get(name);
    if (!volume || !(await unmountHeld(ctx, volume, containerId))) return;
    emit(ctx, "unmount", volume, { container: containerId });
  });
}

/** The caller holds the volume's lock. @returns whether it was mounted for this user */
export async function unmountHeld(ctx: VolumesContext, volume: VolumeRecord, user: string): Promise<boolean> {
  const users = ctx.mountedFor.get(volume.name);
  if (!users?.delete(user)) return false;
  if (users.size === 0) ctx.mountedFor.delete(volume.name);
  await endMount(ctx, volume, { containerId: user, isLast: users.size === 0 });
  return true;
}

export async function endMount(
  ctx: VolumesContext,
  volume: VolumeRecord,
  use: { readonly containerId: string; readonly isLast: boolean },
): Promise<void> {
  try {
    await driverOf(ctx, volume).unmount(volume, use);
  } catch (error) {
    const { name, driver } = volume;
    ctx.log.warn("cannot unmount a volume", { volume: name, driver, error: messageOf(error) });
    return;
  }
  const known = ctx.records.uses.get(`${use.containerId}/${volume.name}`);
  if (known?.isMounted) ctx.records.uses.put({ volume: volume.name, containerId: use.containerId });
}

/** With the container's removal. */
export async function releaseVolumes(ctx: VolumesContext, containerId: string): Promise<string[]> {
  const uses = ctx.records.uses.find("container", containerId);
  for (const { volume } of uses) {
    await unmountVolume(ctx, volume, containerId);
    ctx.records.uses.delete(`${containerId}/${volume}`);
  }
  return uses.map(({ volume }) => volume);
}

import { Internal, InvalidArgument, messageOf, NotFound } from "#base/errors.ts";
import { findVolume, LOCAL, usersOf, type VolumesContext, wholeVolumes } from "./context.ts";
import { listFilter } from "./filters.ts";
import type { VolumeDetails, VolumeFilters, VolumeListing, VolumeRecord } from "./types.ts";

export function listVolumes(ctx: VolumesContext, filters: VolumeFilters): VolumeRecord[] {
  return wholeVolumes(ctx).filter(filterFor(ctx, filters));
}

function filterFor(ctx: VolumesContext, filters: VolumeFilters): (volume: VolumeRecord) => boolean {
  return listFilter(filters, ({ name }) => usersOf(ctx, name).length > 0);
}

export async function listAll(
  ctx: VolumesContext,
  filters: VolumeFilters,
  { sizes }: { readonly sizes: boolean },
): Promise<VolumeListing> {
  const matches = filterFor(ctx, filters);
  const { volumes: foreign, warnings } = await ctx.plugins.list();
  const own = wholeVolumes(ctx);
  const known = new Set(own.map(({ name }) => name));
  const all = [...own, ...foreign.filter(({ name }) => !known.has(name))].filter(matches);
  const volumes = sizes ? await Promise.all(all.map((volume) => withUsage(ctx, volume))) : all;
  return { volumes, warnings };
}

/** One without a record may be a plugin's. @throws NotFound; Unavailable when its plugin does not answer */
export async function inspectVolume(
  ctx: VolumesContext,
  name: string,
  { sizes }: { readonly sizes: boolean },
): Promise<VolumeDetails> {
  const volume = findVolume(ctx, name);
  const details = volume ? await detailsOf(ctx, volume) : await ctx.plugins.search(name);
  if (!details) throw new NotFound(`get ${name}: no such volume`);
  return sizes ? await withUsage(ctx, details) : details;
}

async function detailsOf(ctx: VolumesContext, volume: VolumeRecord): Promise<VolumeDetails> {
  if (volume.driver === LOCAL) return volume;
  try {
    const { mountpoint, status } = await ctx.plugins.of(volume.driver).get(volume.name);
    return { ...volume, mountpoint: mountpoint || volume.mountpoint, status };
  } catch (error) {
    const { name, driver } = volume;
    throw new Internal(
      `get ${name}: error while checking if volume "${name}" exists in driver "${driver}": ${messageOf(error)}`,
      { cause: error, hint: `see whether the plugin ${driver} runs` },
    );
  }
}

async function withUsage(ctx: VolumesContext, volume: VolumeDetails): Promise<VolumeDetails> {
  const sizeBytes = await volumeSize(ctx, volume);
  return { ...volume, usage: { sizeBytes, users: usersOf(ctx, volume.name).length } };
}

/** @returns bytes of its files; -1 for a plugin's, which may be on the other side of the world */
export async function volumeSize(ctx: VolumesContext, volume: VolumeRecord): Promise<number> {
  return volume.driver === LOCAL ? await ctx.local.sizeBytes(volume) : -1;
}

/** @throws InvalidArgument for what only files of this host can have done to them */
export function checkIsLocal({ name, driver }: VolumeRecord, operation: string): void {
  if (driver !== LOCAL)
    throw new InvalidArgument(
      `${operation} ${name}: its files belong to the driver ${driver}: only local volumes can`,
    );
}

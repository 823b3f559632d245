import { Conflict, InvalidArgument } from "#base/errors.ts";
import { newId } from "#base/ids.ts";
import type { VolumeCreateRequest } from "#spec/docker/volumes.ts";
import { driverOf, emit, findVolume, LOCAL, type VolumesContext } from "./context.ts";
import { checkVolumeName } from "./names.ts";
import type { VolumeCreateOptions, VolumeDetails, VolumeRecord } from "./types.ts";

/** Docker's clients tell volumes without a name of their own by this. */
export const ANONYMOUS_LABEL = "com.docker.volume.anonymous";

/** The volume of this name, made where there is none. */
export async function createVolume(
  ctx: VolumesContext,
  request: VolumeCreateRequest,
  { anonymous = false, user, onMade }: VolumeCreateOptions,
): Promise<VolumeRecord> {
  if (request.ClusterVolumeSpec) throw new InvalidArgument("cluster volumes need a swarm");
  const name = request.Name || newId();
  return await ctx.locks.run(name, async () => {
    const volume = await foundOrMade(
      ctx,
      { ...request, Name: name },
      { anonymous: anonymous || !request.Name, onMade },
    );
    if (user !== undefined) addUser(ctx, name, user);
    return volume;
  });
}

function addUser({ records }: VolumesContext, volume: string, containerId: string): void {
  if (!records.uses.get(`${containerId}/${volume}`)) records.uses.put({ volume, containerId });
}

async function foundOrMade(
  ctx: VolumesContext,
  request: VolumeCreateRequest,
  { anonymous = false, onMade }: VolumeCreateOptions,
): Promise<VolumeRecord> {
  const known = findVolume(ctx, request.Name!);
  if (known) return await checkDriver(ctx, known, driverNamed(ctx, request.Driver || known.driver));
  refusePending(ctx, request.Name!);
  checkVolumeName(request.Name!);
  const foreign = request.Driver || anonymous ? undefined : await ctx.plugins.search(request.Name!);
  if (foreign) return take(ctx, foreign);
  const volume = await planVolume(ctx, request, anonymous);
  await make(ctx, volume, () => driverOf(ctx, volume).create(volume));
  if (volume.driver === LOCAL) onMade?.();
  return volume;
}

/** A volume that only its plugin knew so far: who names it without a driver means that one. */
function take(ctx: VolumesContext, { status: _, usage: _u, ...volume }: VolumeDetails): VolumeRecord {
  ctx.records.volumes.put(volume);
  return volume;
}

/** @throws NotFound for a driver there is none of; Conflict */
async function checkDriver(ctx: VolumesContext, known: VolumeRecord, driver: string): Promise<VolumeRecord> {
  if (known.driver === driver) return known;
  if (driver !== LOCAL) await ctx.plugins.scopeFor(driver, known.name);
  throw new Conflict(`create ${known.name}: conflict: volume name must be unique`);
}

/** A crash of the daemon that left it cannot be undone right away: a plugin must answer for that. @throws Conflict */
export function refusePending({ records }: VolumesContext, name: string): void {
  const pending = records.volumes.get(name)?.pending;
  if (!pending) return;
  throw new Conflict(
    `create ${name}: its ${pending.kind === "create" ? "creation" : `former volume's ${pending.kind}`} has not ended`,
    { hint: "try again later" },
  );
}

/** @throws NotFound when the driver is no plugin that answers; InvalidArgument */
export async function planVolume(
  ctx: VolumesContext,
  { Name: name = "", Driver, Labels, DriverOpts }: VolumeCreateRequest,
  anonymous: boolean,
): Promise<VolumeRecord> {
  const driver = driverNamed(ctx, Driver || LOCAL);
  const common = {
    name,
    driver,
    createdAt: new Date(ctx.clock.now()).toISOString().replace(/\.\d+Z$/, "Z"),
    labels: { ...Labels, ...(anonymous ? { [ANONYMOUS_LABEL]: "" } : {}) },
    options: DriverOpts ?? {},
    anonymous,
  };
  if (driver === LOCAL)
    return { ...common, mountpoint: ctx.local.mountpoint(name), ...ctx.local.check(common) };
  const scope = await ctx.plugins.scopeFor(driver, name);
  return { ...common, mountpoint: "", ...(scope === "global" ? { scope } : {}) };
}

/** A plugin may be called without its tag. */
function driverNamed({ plugins }: VolumesContext, name: string): string {
  return name === LOCAL ? LOCAL : plugins.canonicalName(name);
}

/** The record first: what has a pending record and no more is taken back by the next daemon. */
export async function make(
  ctx: VolumesContext,
  volume: VolumeRecord,
  work: () => Promise<void>,
): Promise<VolumeRecord> {
  const { volumes } = ctx.records;
  volumes.put({ ...volume, pending: { kind: "create" } });
  try {
    await work();
  } catch (error) {
    await takeBack(ctx, volume);
    throw error;
  }
  volumes.put(volume);
  emit(ctx, "create", volume);
  return volume;
}

/** Of a volume nobody was told of. A plugin that did not make it has nothing to remove. */
export async function takeBack(ctx: VolumesContext, volume: VolumeRecord): Promise<void> {
  if (volume.driver === LOCAL) await ctx.local.remove(volume);
  ctx.records.volumes.delete(volume.name);
}

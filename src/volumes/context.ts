import type { KeyedLock } from "#base/async.ts";
import { NotFound } from "#base/errors.ts";
import type { LocalDriver } from "./drivers/local.ts";
import type { PluginDrivers } from "./drivers/plugin.ts";
import type { VolumeRecords } from "./records.ts";
import type { VolumeDriver, VolumeRecord } from "./types.ts";
import type { VolumesDeps } from "./volumes.ts";

/** What every job on volumes works with. */
export interface VolumesContext extends Omit<VolumesDeps, "plugins"> {
  readonly records: VolumeRecords;
  readonly local: LocalDriver;
  readonly plugins: PluginDrivers;
  /** By volume name. */
  readonly locks: KeyedLock;
  /** Containers for which each volume is mounted now. */
  readonly mountedFor: Map<string, Set<string>>;
}

/** A volume that is there as a whole. */
export function findVolume({ records }: VolumesContext, name: string): VolumeRecord | undefined {
  const volume = records.volumes.get(name);
  return volume?.pending ? undefined : volume;
}

/** @throws NotFound in Docker's words */
export function getVolume(ctx: VolumesContext, name: string): VolumeRecord {
  const volume = findVolume(ctx, name);
  if (!volume) throw new NotFound(`get ${name}: no such volume`);
  return volume;
}

export function wholeVolumes({ records }: VolumesContext): VolumeRecord[] {
  return records.volumes.list().filter(({ pending }) => !pending);
}

export function usersOf({ records }: VolumesContext, name: string): string[] {
  return records.uses.find("volume", name).map(({ containerId }) => containerId);
}

/** Of a volume that is there: its plugin is not looked for before it is needed. */
export function driverOf(ctx: VolumesContext, { driver }: Pick<VolumeRecord, "driver">): VolumeDriver {
  return driver === LOCAL ? ctx.local : ctx.plugins.of(driver);
}

/** One lock after the other in a fixed order: two jobs with two names cannot wait for each other. */
export async function withBothLocks<T>(
  { locks }: VolumesContext,
  names: readonly [string, string],
  work: () => Promise<T>,
): Promise<T> {
  const [first, second] = names.toSorted() as [string, string];
  if (first === second) return await locks.run(first, work);
  return await locks.run(first, () => locks.run(second, work));
}

export const LOCAL = "local";

export function emit(
  { events }: VolumesContext,
  action: string,
  { name, driver }: VolumeRecord,
  more: Readonly<Record<string, string>> = {},
): void {
  events.emit({ type: "volume", action, id: name, attributes: { driver, ...more } });
}

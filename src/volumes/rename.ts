import { Conflict } from "#base/errors.ts";
import { emit, findVolume, getVolume, type VolumesContext, withBothLocks } from "./context.ts";
import { ANONYMOUS_LABEL, refusePending } from "./create.ts";
import { checkIsLocal } from "./look.ts";
import { checkVolumeName } from "./names.ts";
import { refuseUsed } from "./remove.ts";
import type { VolumeRecord } from "./types.ts";

/**
 * Containers know their volumes by name: one that any container was made with keeps its name.
 * @throws Conflict; InvalidArgument
 */
export async function renameVolume(ctx: VolumesContext, name: string, to: string): Promise<VolumeRecord> {
  return await withBothLocks(ctx, [name, to], async () => renameHeld(ctx, name, to));
}

function renameHeld(ctx: VolumesContext, name: string, to: string): VolumeRecord {
  const volume = getVolume(ctx, name);
  checkIsLocal(volume, "rename");
  checkVolumeName(to);
  refuseUsed(ctx, volume, "rename");
  if (findVolume(ctx, to)) throw new Conflict(`rename ${name}: there is a volume ${to} already`);
  refusePending(ctx, to);
  ctx.local.checkMove(volume);
  ctx.records.volumes.put({ ...volume, pending: { kind: "rename", to } });
  try {
    ctx.local.move(name, to);
  } catch (error) {
    ctx.records.volumes.put(volume);
    throw error;
  }
  return finishRename(ctx, volume, to)!;
}

/** Done where the directory has its new name, taken back where it has not. */
export function finishRename(
  ctx: VolumesContext,
  volume: VolumeRecord,
  to: string,
): VolumeRecord | undefined {
  const { volumes } = ctx.records;
  if (!ctx.local.stored().includes(to)) {
    volumes.put(volume);
    return undefined;
  }
  const { [ANONYMOUS_LABEL]: _, ...labels } = volume.labels;
  const place = { name: to, mountpoint: ctx.local.mountpoint(to) };
  const renamed = { ...volume, ...place, labels, anonymous: false };
  ctx.state.transaction(() => {
    volumes.put(renamed);
    volumes.delete(volume.name);
  });
  emit(ctx, "rename", renamed, { oldName: volume.name });
  return renamed;
}

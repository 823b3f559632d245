import { messageOf } from "#base/errors.ts";
import { LOCAL, type VolumesContext, wholeVolumes } from "./context.ts";
import { takeBack } from "./create.ts";
import { endMount } from "./mounting.ts";
import { removeHeld } from "./remove.ts";
import { finishRename } from "./rename.ts";
import type { VolumeRecord } from "./types.ts";

/** What plugins must be asked for goes on in the background: a dead one must not keep the engine from its start. */
export async function recoverVolumes(ctx: VolumesContext, running: ReadonlySet<string>): Promise<void> {
  for (const volume of ctx.records.volumes.list().filter(({ pending }) => pending)) {
    const settling = settle(ctx, volume).catch((error) =>
      ctx.log.warn("cannot finish what was begun with a volume", {
        volume: volume.name,
        error: messageOf(error),
      }),
    );
    if (volume.driver === LOCAL) await settling;
  }
  adoptStored(ctx);
  for (const volume of wholeVolumes(ctx)) await settleMounts(ctx, volume, running);
  for (const removed of ctx.local.withdrawn())
    ctx.local
      .purge(removed)
      .catch((error) => ctx.log.warn("cannot delete a removed volume", { path: removed, error }));
}

async function settle(ctx: VolumesContext, volume: VolumeRecord): Promise<void> {
  const { pending, ...whole } = volume;
  switch (pending?.kind) {
    case "rename":
      finishRename(ctx, whole, pending.to);
      return;
    case "remove":
      return await ctx.locks.run(volume.name, () => removeHeld(ctx, whole));
    default:
      return await ctx.locks.run(volume.name, () => undoCreation(ctx, whole));
  }
}

/** Nobody was told of it, and a plugin may have made it. */
async function undoCreation(ctx: VolumesContext, volume: VolumeRecord): Promise<void> {
  if (volume.driver !== LOCAL) await ctx.plugins.of(volume.driver).remove(volume);
  await takeBack(ctx, volume);
}

function adoptStored(ctx: VolumesContext): void {
  for (const name of ctx.local.stored()) {
    if (ctx.records.volumes.get(name)) continue;
    ctx.log.warn("found a volume without a record, taking it in", { volume: name });
    ctx.records.volumes.put({
      name,
      driver: LOCAL,
      mountpoint: ctx.local.mountpoint(name),
      createdAt: new Date(ctx.clock.now()).toISOString().replace(/\.\d+Z$/, "Z"),
      labels: {},
      options: {},
      anonymous: false,
    });
  }
}

async function settleMounts(
  ctx: VolumesContext,
  volume: VolumeRecord,
  running: ReadonlySet<string>,
): Promise<void> {
  const uses = ctx.records.uses.find("volume", volume.name);
  const users = uses.map(({ containerId }) => containerId).filter((id) => running.has(id));
  if (users.length > 0) ctx.mountedFor.set(volume.name, new Set(users));
  const ended = uses.filter(({ containerId, isMounted }) => isMounted && !running.has(containerId));
  if (volume.driver !== LOCAL) {
    for (const { containerId } of ended) void endMount(ctx, volume, { containerId, isLast: false });
    return;
  }
  if (users.length === 0) await endMount(ctx, volume, { containerId: "", isLast: true });
  for (const { containerId } of ended) ctx.records.uses.put({ volume: volume.name, containerId });
}

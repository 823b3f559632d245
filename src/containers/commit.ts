import type { Digest } from "#base/digest.ts";
import { Conflict } from "#base/errors.ts";
import { applyChanges } from "#images/changes.ts";
import { parseTagTarget } from "#images/tag.ts";
import { familiarReference } from "#spec/reference.ts";
import { OWN_MOUNT_POINTS } from "./changes.ts";
import type { Context } from "./context.ts";
import { emitContainerEvent } from "./emit.ts";
import { mergeImageConfig } from "./image-defaults.ts";
import { pauseContainer, unpauseContainer } from "./pause.ts";
import type { CommitRequest, ContainerRecord } from "./types.ts";

/**
 * `docker commit`: what a container changed becomes a layer on top of its image. Everything the request says is checked
 * before the container is paused.
 * @throws Conflict for a container that is going away
 */
export async function commitContainer(
  ctx: Context,
  nameOrId: string,
  request: CommitRequest,
): Promise<Digest> {
  const record = ctx.records.resolve(nameOrId);
  refuseGoing(ctx, record);
  const reference = request.repo ? parseTagTarget(request.repo, request.tag ?? "") : undefined;
  const wanted = applyChanges(request.config ?? record.config, request.changes);
  await using frozen = new AsyncDisposableStack();
  if (request.pause && record.state.status === "running") {
    await pauseContainer(ctx, record.id);
    frozen.defer(() => thaw(ctx, record.id));
  }
  const source = ctx.snapshots.diffSource(record.id);
  const imageId = await ctx.images.commit({
    parent: record.imageId,
    container: { id: record.id, config: record.config },
    config: mergeImageConfig(wanted, record.config),
    author: request.author,
    comment: request.comment,
    reference,
    signal: request.signal,
    writeLayer: (prepared, sink, signal) =>
      ctx.files.commitDiff({ source, mountPoints: OWN_MOUNT_POINTS, prepared }, sink, signal),
    isStillWanted: () => refuseGoing(ctx, ctx.records.resolve(record.id)),
  });
  emitContainerEvent(ctx, record, "commit", {
    comment: request.comment,
    imageID: imageId,
    imageRef: reference ? familiarReference(reference) : "",
  });
  return imageId;
}

/** The files of a container that is removed go away one by one: what was read then is no whole layer. */
function refuseGoing(ctx: Context, { id, state }: ContainerRecord): void {
  if (state.status === "dead") throw new Conflict(`You cannot commit container ${id} which is Dead`);
  if (state.status === "removing" || ctx.live.find(id)?.isBeingRemoved)
    throw new Conflict(`You cannot commit container ${id} which is being removed`);
}

/** It may have been removed, or been thawed by a user, meanwhile. */
async function thaw(ctx: Context, id: string): Promise<void> {
  if (ctx.records.get(id)?.state.status === "paused") await unpauseContainer(ctx, id);
}

import type { Filters } from "#base/filters.ts";
import type { Context } from "./context.ts";
import { subjectOf } from "./emit.ts";
import { nextStatus } from "./lifecycle.ts";
import { prunableContainers } from "./prune.ts";

/** What a removal would take away, in bytes as the removal itself would count them. */
export interface RemovalPlan {
  /** Ids. */
  readonly containers: readonly string[];
  /** Names. */
  readonly volumes: readonly string[];
  readonly spaceReclaimed: number;
}

/** What `prune` would remove now. */
export async function planPruneContainers(ctx: Context, filters: Filters): Promise<RemovalPlan> {
  const containers = prunableContainers(ctx, filters).map(({ id }) => id);
  const sizes = await Promise.all(containers.map((id) => ctx.snapshots.writableSize(id)));
  return { containers, volumes: [], spaceReclaimed: sizes.reduce((sum, size) => sum + size, 0) };
}

/**
 * What `remove` would remove now.
 * @param removed containers that are to be thought of as gone
 * @throws as `remove`
 */
export async function planRemoveContainer(
  ctx: Context,
  nameOrId: string,
  options: { readonly force: boolean; readonly volumes: boolean; readonly removed: ReadonlySet<string> },
): Promise<RemovalPlan> {
  const record = ctx.records.resolve(nameOrId);
  nextStatus(subjectOf(ctx, record), options.force ? "forceRemove" : "remove");
  const isLastUser = (volume: string) =>
    ctx.volumes.usersOf(volume).every((user) => user === record.id || options.removed.has(user));
  const anonymous = record.mounts.flatMap(({ anonymous, volume }) => (anonymous && volume ? [volume] : []));
  const volumes = options.volumes
    ? anonymous.filter((name) => ctx.volumes.find(name) && isLastUser(name))
    : [];
  const sizes = await Promise.all([
    ctx.snapshots.writableSize(record.id),
    ...volumes.map((name) => ctx.volumes.sizeBytes(name)),
  ]);
  return { containers: [record.id], volumes, spaceReclaimed: sizes.reduce((sum, size) => sum + size, 0) };
}

import { rmSync } from "node:fs";
import { join } from "node:path";
import { namesIn } from "#base/fs.ts";
import { isFullId } from "#base/ids.ts";
import type { Context } from "./context.ts";
import {
  containersDirectory,
  debugDirectory,
  rootsDirectory,
  runRoot,
  shmDirectory,
  stagedDirectory,
} from "./paths.ts";
import { removeMount } from "./release.ts";
import { releaseStaged } from "./staged-mounts.ts";

/**
 * Removes what a crash left and no record owns: processes with their run directories, mounted roots, writable
 * directories, containers' directories. One that cannot be removed does not keep the others.
 */
export async function removeLeftovers(ctx: Context, running: ReadonlySet<string>): Promise<void> {
  const { settings } = ctx;
  const isRunning = (id: string) => running.has(id);
  const isKnown = (id: string) => ctx.records.get(id) !== undefined;
  await removeEach(ctx, namesIn(runRoot(settings)), isRunning, (id) =>
    ctx.runtime.cleanUp({ id, runDirectory: join(runRoot(settings), id) }),
  );
  for (const directory of [rootsDirectory(settings), shmDirectory(settings), debugDirectory(settings)])
    await removeEach(ctx, namesIn(directory), isRunning, (id) => removeMount(ctx, join(directory, id)));
  await removeEach(ctx, namesIn(stagedDirectory(settings)), isRunning, (id) =>
    releaseStaged(ctx, join(stagedDirectory(settings), id)),
  );
  const images = new Set(
    [...ctx.records.all()].flatMap(({ mounts }) => mounts.flatMap(({ image }) => image?.snapshot ?? [])),
  );
  const isOwned = (id: string) => isKnown(id) || images.has(id);
  await removeEach(ctx, ctx.snapshots.writables(), isOwned, (id) => ctx.snapshots.removeWritable(id));
  await removeEach(ctx, namesIn(containersDirectory(settings)), isKnown, (id) =>
    rmSync(join(containersDirectory(settings), id), { recursive: true, force: true }),
  );
}

async function removeEach(
  ctx: Context,
  ids: readonly string[],
  isOwned: (id: string) => boolean,
  remove: (id: string) => void | Promise<void>,
): Promise<void> {
  for (const id of ids) {
    if (isOwned(id) || !isFullId(id)) continue; // what is not named by an id is not ours
    try {
      await remove(id);
      ctx.log.info("removed what a crash left", { container: id });
    } catch (error) {
      ctx.log.warn("cannot remove what a crash left", { container: id, error });
    }
  }
}

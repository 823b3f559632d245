import { rmdirSync } from "node:fs";
import { teardownAll } from "#base/dispose.ts";
import { isErrno } from "#base/fs.ts";
import { cgroupPathOf } from "./cgroup-path.ts";
import type { Context } from "./context.ts";
import { releaseDebugged } from "./debug.ts";
import { pathsOf } from "./paths.ts";
import { releaseStaged } from "./staged-mounts.ts";
import type { ContainerRecord } from "./types.ts";

/**
 * Gives back everything a run of a container held, in the reverse of the order `launch` took it: what is left of its
 * processes, its network, its root file system, its volumes.
 *
 * It is the undo of a start that failed, the end of a run, and what the next daemon does about a run it cannot find any
 * more, in one function: so it uses only what is in the record, and each of its steps counts "gone already" as done. A
 * step that fails does not keep the others from being tried.
 */
export async function releaseRun(ctx: Context, record: ContainerRecord): Promise<void> {
  const { id } = record;
  const { runDirectory, root, shm, staged } = pathsOf(ctx.settings, id);
  await teardownAll(`container ${id}: cannot give back what it held`, [
    () => ctx.runtime.cleanUp({ id, runDirectory, cgroupPath: cgroupPathOf(ctx.settings, record) }),
    () => ctx.shipping.ended(record),
    () => ctx.networks.closeSandbox(id),
    () => ctx.userns.close(id),
    () => removeMount(ctx, shm),
    () => removeMount(ctx, root),
    () => releaseDebugged(ctx, record),
    () => releaseStaged(ctx, staged),
    ...record.mounts.toReversed().map((mount) => async () => {
      if (mount.volume !== undefined) await ctx.volumes.unmount(mount.volume, id);
    }),
  ]);
}

/** Not recursive: should the unmount have failed, nothing below may be touched. */
export function removeMount(ctx: Pick<Context, "mounts">, target: string): void {
  ctx.mounts.unmount(target);
  try {
    rmdirSync(target);
  } catch (error) {
    if (!isErrno(error, "ENOENT")) throw error;
  }
}

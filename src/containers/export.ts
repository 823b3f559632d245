import { mkdirSync } from "node:fs";
import { Conflict } from "#base/errors.ts";
import { withEnd } from "#base/streams.ts";
import type { Context } from "./context.ts";
import { refuseDebugged } from "./debug.ts";
import { emitContainerEvent } from "./emit.ts";
import { freed, idsOf, once, refuseRemoved } from "./file-view.ts";
import { isUp } from "./lifecycle.ts";
import { pathsOf } from "./paths.ts";
import { removeMount } from "./release.ts";
import type { ContainerRecord } from "./types.ts";

/**
 * `docker export`: the root file system alone, without what is mounted in it. The archive must be read to its end or
 * returned.
 */
export async function exportContainer(
  ctx: Context,
  nameOrId: string,
  signal?: AbortSignal,
): Promise<AsyncIterableIterator<Uint8Array>> {
  const { record, release } = await holdRoot(ctx, nameOrId);
  try {
    const archive = ctx.files.export(
      pathsOf(ctx.settings, record.id).root,
      signal,
      isMounted(record) ? idsOf(ctx, record) : undefined,
    );
    emitContainerEvent(ctx, record, "export");
    return withEnd(whole(ctx, record, archive.bytes), async () => {
      await archive[Symbol.asyncDispose]();
      await release();
    });
  } catch (error) {
    await release();
    throw error;
  }
}

/** The files of a container that is removed go away one by one: what was read then is no whole archive. */
async function* whole(
  ctx: Context,
  { id }: ContainerRecord,
  bytes: AsyncIterable<Uint8Array>,
): AsyncGenerator<Uint8Array> {
  yield* bytes;
  if (!ctx.records.get(id)) throw new Conflict(`container ${id} was removed while it was exported`);
}

/** A running container's root is mounted; that of another is for the occasion, and locked meanwhile. */
async function holdRoot(
  ctx: Context,
  nameOrId: string,
): Promise<{ readonly record: ContainerRecord; readonly release: () => Promise<void> }> {
  const found = ctx.records.resolve(nameOrId);
  if (isMounted(found)) return { record: found, release: async () => {} };
  const held = await ctx.locks.acquire(found.id);
  const { root } = pathsOf(ctx.settings, found.id);
  const release = once(async () => {
    try {
      removeMount(ctx, root);
    } finally {
      freed(ctx, found.id);
      held[Symbol.dispose]();
    }
  });
  try {
    const record = ctx.records.resolve(found.id);
    refuseRemoved(ctx, record);
    refuseDebugged(ctx, record, "be exported");
    if (isMounted(record)) {
      held[Symbol.dispose]();
      return { record, release: async () => {} };
    }
    ctx.live.of(record.id).busyWith = "an export of its files";
    mkdirSync(root, { recursive: true, mode: 0o700 });
    ctx.mounts.root(ctx.snapshots.rootMount(record.id), root);
    return { record, release };
  } catch (error) {
    await release();
    throw error;
  }
}

function isMounted({ state }: ContainerRecord): boolean {
  return isUp(state.status) && state.status !== "restarting";
}

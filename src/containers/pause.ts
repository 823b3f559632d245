import { cgroupPathOf } from "./cgroup-path.ts";
import type { Context } from "./context.ts";
import { emitContainerEvent, subjectOf } from "./emit.ts";
import { nextStatus } from "./lifecycle.ts";
import type { ContainerRecord } from "./types.ts";

export async function pauseContainer(ctx: Context, nameOrId: string): Promise<void> {
  await change(ctx, nameOrId, "pause", (path) => ctx.runtime.freeze(path));
}

export async function unpauseContainer(ctx: Context, nameOrId: string): Promise<void> {
  await change(ctx, nameOrId, "unpause", (path) => ctx.runtime.thaw(path));
}

/** The record first: the next daemon freezes and thaws again what the records say, which does no harm. */
async function change(
  ctx: Context,
  nameOrId: string,
  event: "pause" | "unpause",
  apply: (cgroupPath: string) => void,
): Promise<void> {
  const { id } = ctx.records.resolve(nameOrId);
  await ctx.locks.run(id, () => {
    const before = ctx.records.resolve(id);
    const status = nextStatus(subjectOf(ctx, before), event);
    const changed = ctx.records.updateState(id, { status });
    try {
      apply(cgroupPathOf(ctx.settings, changed));
    } catch (error) {
      ctx.records.updateState(id, { status: before.state.status });
      throw error;
    }
    emitContainerEvent(ctx, changed, event);
  });
}

/** At daemon start: a crash may have come between a record and its effect. */
export function restorePause(ctx: Context, record: ContainerRecord): void {
  const path = cgroupPathOf(ctx.settings, record);
  if (record.state.status === "paused") ctx.runtime.freeze(path);
  else ctx.runtime.thaw(path);
}

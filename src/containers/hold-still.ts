import { isErrno } from "#base/fs.ts";
import { cgroupPathOf } from "./cgroup-path.ts";
import type { Context } from "./context.ts";

/**
 * Stops those of these containers that run, until it is disposed. No lock is held: who unpauses one meanwhile lets it
 * run. Should the daemon die, the next one thaws them, as their records say that they run.
 */
export async function holdStill(ctx: Context, ids: readonly string[]): Promise<AsyncDisposable> {
  const frozen: string[] = [];
  const thawAll = () => {
    for (const id of frozen) thaw(ctx, id);
  };
  try {
    for (const id of ids) {
      const record = ctx.records.get(id);
      if (record?.state.status !== "running") continue;
      if (ignoringGone(() => ctx.runtime.freeze(cgroupPathOf(ctx.settings, record)))) frozen.push(id);
    }
  } catch (error) {
    thawAll();
    throw error;
  }
  return { [Symbol.asyncDispose]: async () => thawAll() };
}

/** One that somebody paused meanwhile stays as it is. */
function thaw(ctx: Context, id: string): void {
  const record = ctx.records.get(id);
  if (record?.state.status !== "running") return;
  ignoringGone(() => ctx.runtime.thaw(cgroupPathOf(ctx.settings, record)));
}

/** @returns false for a container that has ended */
function ignoringGone(work: () => void): boolean {
  try {
    work();
    return true;
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENODEV")) return false;
    throw error;
  }
}

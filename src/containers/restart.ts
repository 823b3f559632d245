import type { Context } from "./context.ts";
import { subjectOf } from "./emit.ts";
import { nextStatus } from "./lifecycle.ts";
import { startHeld } from "./start.ts";
import type { ContainerRecord } from "./types.ts";

/** The container waits for its next automatic start. The caller holds its lock. */
export function backOff(ctx: Context, record: ContainerRecord, delayMs: number): void {
  const live = ctx.live.of(record.id);
  ctx.records.updateState(record.id, {
    status: nextStatus({ ...record, status: record.state.status }, "backOff"),
  });
  live.restartDelayMs = delayMs;
  live.restartTimer = new AbortController();
  void restartAfter(ctx, record.id, delayMs, live.restartTimer.signal);
}

async function restartAfter(
  ctx: Context,
  id: string,
  delayMs: number,
  cancelled: AbortSignal,
): Promise<void> {
  await ctx.clock.sleep(delayMs, cancelled);
  await ctx.locks.run(id, async () => {
    const record = ctx.records.get(id);
    if (cancelled.aborted || !record || subjectOf(ctx, record).status !== "restarting") return;
    ctx.live.of(id).restartTimer = undefined;
    try {
      await startHeld(ctx, record, { isAutomatic: true });
    } catch (error) {
      ctx.log.error("cannot restart a container as its policy asks", { container: id, error });
    }
  });
}

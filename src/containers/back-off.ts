import type { Context } from "./context.ts";
import { recordFact, withState } from "./facts.ts";
import type { ContainerRecord } from "./types.ts";

/** A stop, kill or removal came first: the container is simply stopped. The caller holds its lock. */
export function endBackOff(ctx: Context, id: string): ContainerRecord {
  const live = ctx.live.of(id);
  live.restartTimer?.abort();
  live.restartTimer = undefined;
  const stopped = recordFact(ctx, withState(ctx.records.resolve(id), { status: "exited" }));
  live.waiters.notifyExit({ exitCode: stopped.state.exitCode, error: undefined });
  return stopped;
}

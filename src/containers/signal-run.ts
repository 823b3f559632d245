import { cgroupPathOf } from "./cgroup-path.ts";
import type { Context } from "./context.ts";
import { emitContainerEvent } from "./emit.ts";
import { recordFact, withState } from "./facts.ts";
import type { Run } from "./live.ts";
import { parseSignal, SIGKILL } from "./signals.ts";
import type { ContainerRecord } from "./types.ts";

/**
 * Sends a signal and tells so. One that is meant to end the container also lets a paused one go on, for a frozen
 * process takes no signal. The caller holds the container's lock; the call does not wait for what the signal does.
 */
export function signalRun(ctx: Context, record: ContainerRecord, run: Run, signal: number): void {
  run.process.signal(signal);
  if (record.state.status === "paused" && endsContainer(record, signal)) {
    ctx.runtime.thaw(cgroupPathOf(ctx.settings, record));
    const thawed = recordFact(ctx, withState(record, { status: "running" }));
    emitContainerEvent(ctx, thawed, "unpause");
  }
  emitContainerEvent(ctx, record, "kill", { signal: `${signal}` });
}

/** Docker's rule for `kill`: without a stop signal of its own, a container's end is meant by any signal. */
export function endsContainer(record: ContainerRecord, signal: number): boolean {
  const { StopSignal: own } = record.config;
  return !own || signal === SIGKILL || signal === parseSignal(own);
}

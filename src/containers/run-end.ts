import { Internal } from "#base/errors.ts";
import { cgroupPathOf } from "./cgroup-path.ts";
import type { Context } from "./context.ts";
import type { Run } from "./live.ts";

/** After SIGKILL a process ends as soon as the kernel lets it; one that does not is stuck there. Docker's time for it. */
const KILL_DEADLINE_MS = 10_000;

/** @throws Internal when a run that got SIGKILL does not end */
export async function endsAfterKill(
  ctx: Pick<Context, "clock" | "records" | "runtime" | "settings">,
  run: Run,
  id: string,
): Promise<void> {
  if (await endsWithin(ctx, run, KILL_DEADLINE_MS)) return;
  const record = ctx.records.get(id);
  const left = record && ctx.runtime.describeProcesses(cgroupPathOf(ctx.settings, record));
  const who = left ? `: it is held by ${left}` : "";
  throw new Internal(`container ${id}: tried to kill it, but did not receive an exit event${who}`);
}

/** @param ms Infinity: however long it takes @returns whether the run has ended and everything it held is given back */
export async function endsWithin(ctx: Pick<Context, "clock">, run: Run, ms: number): Promise<boolean> {
  if (ms === Number.POSITIVE_INFINITY) {
    await run.handled;
    return true;
  }
  const done = new AbortController();
  const ended = run.handled.then(() => true);
  const late = ctx.clock.sleep(ms, done.signal).then(() => false);
  const isEnded = await Promise.race([ended, late]);
  done.abort();
  return isEnded;
}

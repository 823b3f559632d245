import { messageOf } from "#base/errors.ts";
import type { AttachStream } from "#runtime/types.ts";
import type { HealthLogEntry } from "#spec/docker/containers.ts";
import { FrameDecoder } from "#spec/std-copy.ts";
import type { Context } from "./context.ts";
import { emitContainerEvent } from "./emit.ts";
import { createExec, startExec } from "./exec.ts";
import { recordFact, withState } from "./facts.ts";
import { afterProbe, FIRST_HEALTH, type HealthPlan, planHealth, probeDelayMs } from "./health-policy.ts";
import type { Run } from "./live.ts";
import { SIGKILL } from "./signals.ts";
import { millisOf } from "./times.ts";

/** What `inspect` shows of one probe's output. */
const MAX_OUTPUT_BYTES = 4096;
/** In place of an exit code for a probe that gave none. */
const NO_EXIT_CODE = -1;

/** Probes a container for as long as its run lasts; one probe at a time, none while it is paused. */
export async function watchHealth(ctx: Context, id: string, run: Run): Promise<void> {
  const plan = planHealth(ctx.records.resolve(id).config);
  if (!plan) return;
  const isOver = () => run.watching.aborted;
  for (;;) {
    const { state } = ctx.records.resolve(id);
    const ranMs = ctx.clock.now() - millisOf(state.startedAt);
    await ctx.clock.sleep(probeDelayMs(state.health ?? FIRST_HEALTH, plan, ranMs), run.watching);
    if (isOver()) return;
    if (ctx.records.resolve(id).state.status !== "running") continue;
    const beganMs = ctx.clock.now();
    const probe = await runProbe(ctx, id, plan);
    if (isOver()) return;
    noteProbe(ctx, id, probe, plan, beganMs);
  }
}

function noteProbe(ctx: Context, id: string, probe: HealthLogEntry, plan: HealthPlan, beganMs: number): void {
  const record = ctx.records.resolve(id);
  const before = record.state.health ?? FIRST_HEALTH;
  const health = afterProbe(before, probe, plan, beganMs - millisOf(record.state.startedAt));
  recordFact(ctx, withState(record, { health }));
  if (health.Status !== before.Status) emitContainerEvent(ctx, record, `health_status: ${health.Status}`);
}

async function runProbe(ctx: Context, id: string, plan: HealthPlan): Promise<HealthLogEntry> {
  const Start = ctx.ticker.now();
  const { exitCode, output } = await execProbe(ctx, id, plan).catch((error) => ({
    exitCode: NO_EXIT_CODE,
    output: messageOf(error),
  }));
  return { Start, End: ctx.ticker.now(), ExitCode: exitCode, Output: output };
}

async function execProbe(
  ctx: Context,
  id: string,
  plan: HealthPlan,
): Promise<{ readonly exitCode: number; readonly output: string }> {
  const config = { Cmd: [...plan.command], AttachStdout: true, AttachStderr: true };
  const execId = createExec(ctx, id, config);
  const { stream } = await startExec(ctx, execId, { detach: false });
  const output = collectOutput(stream!);
  const process = ctx.sessions.get(execId).process!;
  const inTime = new AbortController();
  const late = ctx.clock.sleep(plan.timeoutMs, inTime.signal).then(() => undefined);
  const status = await Promise.race([process.exited, late]);
  inTime.abort();
  if (status) return { exitCode: status.code, output: await output };
  process.signal(SIGKILL);
  stream!.destroy();
  return { exitCode: NO_EXIT_CODE, output: `Health check exceeded timeout (${plan.timeoutMs / 1000}s)` };
}

async function collectOutput(stream: AttachStream): Promise<string> {
  const decoder = new FrameDecoder();
  const pieces: Uint8Array[] = [];
  let bytes = 0;
  stream.on("data", (chunk: Uint8Array) => {
    if (bytes > MAX_OUTPUT_BYTES) return; // the rest is read, so that the probe can end, and dropped
    for (const { data } of decoder.push(chunk)) {
      pieces.push(data);
      bytes += data.byteLength;
    }
  });
  await new Promise<void>((done) => stream.once("close", done).once("end", done));
  const text = Buffer.concat(pieces);
  return text.byteLength > MAX_OUTPUT_BYTES
    ? `${text.toString("utf8", 0, MAX_OUTPUT_BYTES)}...`
    : text.toString();
}

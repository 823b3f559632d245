import { messageOf, NotFound } from "#base/errors.ts";
import type { AttachStream, ProbeTarget } from "#runtime/types.ts";
import type { HealthLogEntry } from "#spec/docker/containers.ts";
import { FrameDecoder } from "#spec/std-copy.ts";
import type { Context } from "./context.ts";
import { emitContainerEvent } from "./emit.ts";
import { createExec, startExec } from "./exec.ts";
import { recordFact, withState } from "./facts.ts";
import { afterProbe, FIRST_HEALTH, type HealthPlan, planHealth, untilNextProbeMs } from "./health-policy.ts";
import type { Run } from "./live.ts";
import { containerOfMode } from "./modes.ts";
import { SIGKILL } from "./signals.ts";
import { endUnhealthy } from "./stop.ts";
import { millisOf } from "./times.ts";
import type { ContainerRecord } from "./types.ts";

/** What `inspect` shows of one probe's output. */
const MAX_OUTPUT_BYTES = 4096;
/** In place of an exit code for a probe that gave none. */
const NO_EXIT_CODE = -1;

/** Probes a container for as long as its run lasts; one probe at a time, none while it is paused. */
export async function watchHealth(ctx: Context, id: string, run: Run): Promise<void> {
  const record = ctx.records.resolve(id);
  const plan = planHealth(record.config);
  if (!plan) return;
  const isOver = () => run.watching.aborted;
  for (;;) {
    const { state } = ctx.records.resolve(id);
    const waitMs = untilNextProbeMs(state.health ?? FIRST_HEALTH, plan, {
      nowMs: ctx.clock.now(),
      startedMs: millisOf(state.startedAt),
    });
    await ctx.clock.sleep(waitMs, run.watching);
    if (isOver()) return;
    if (ctx.records.resolve(id).state.status !== "running") {
      await ctx.clock.sleep(plan.intervalMs, run.watching); // paused: the last probe may be long ago
      continue;
    }
    const beganMs = ctx.clock.now();
    const probe = await runProbe(ctx, id, plan);
    if (isOver()) return;
    const isUnhealthyNow = noteProbe(ctx, id, probe, plan, beganMs);
    if (isUnhealthyNow && record.onUnhealthy) return await endUnhealthy(ctx, id, run, record.onUnhealthy);
  }
}

/** @returns whether the container has become unhealthy by this probe */
function noteProbe(
  ctx: Context,
  id: string,
  probe: HealthLogEntry,
  plan: HealthPlan,
  beganMs: number,
): boolean {
  const record = ctx.records.resolve(id);
  const before = record.state.health ?? FIRST_HEALTH;
  const health = afterProbe(before, probe, plan, beganMs - millisOf(record.state.startedAt));
  recordFact(ctx, withState(record, { health }));
  if (health.Status === before.Status) return false;
  emitContainerEvent(ctx, record, `health_status: ${health.Status}`);
  return health.Status === "unhealthy";
}

async function runProbe(ctx: Context, id: string, plan: HealthPlan): Promise<HealthLogEntry> {
  const Start = ctx.ticker.now();
  const { probe } = plan;
  const made =
    probe.kind === "command"
      ? execProbe(ctx, id, probe.command, plan)
      : connectProbe(ctx, id, probe.target, plan);
  const { exitCode, output } = await made.catch((error) => ({
    exitCode: NO_EXIT_CODE,
    output: messageOf(error),
  }));
  return { Start, End: ctx.ticker.now(), ExitCode: exitCode, Output: output };
}

interface ProbeResult {
  readonly exitCode: number;
  readonly output: string;
}

/** Nothing is run in the container: an exit code is what a program that looks would have given. */
async function connectProbe(
  ctx: Context,
  id: string,
  target: ProbeTarget,
  plan: HealthPlan,
): Promise<ProbeResult> {
  const netnsPath = networkNamespaceOf(ctx, ctx.records.resolve(id));
  const inTime = new AbortController();
  const timer = new AbortController();
  void ctx.clock.sleep(plan.timeoutMs, timer.signal).then(() => inTime.abort());
  try {
    const { passed, output } = await ctx.runtime.probe({ netnsPath, target, signal: inTime.signal });
    if (!passed && inTime.signal.aborted) return { exitCode: NO_EXIT_CODE, output: exceeded(plan) };
    return { exitCode: passed ? 0 : 1, output };
  } finally {
    timer.abort();
  }
}

/** @returns "" for the host's @throws NotFound when the network is gone */
function networkNamespaceOf(ctx: Context, record: ContainerRecord): string {
  let owner: ContainerRecord | undefined = record;
  for (let next = joinedBy(owner); owner && next !== undefined; next = owner && joinedBy(owner))
    owner = ctx.records.find(next);
  const sandbox = owner && ctx.networks.sandbox(owner.id);
  if (!sandbox) throw new NotFound(`container ${record.id} has no network to be probed in`);
  return sandbox.netnsPath;
}

function joinedBy({ hostConfig }: ContainerRecord): string | undefined {
  return containerOfMode(hostConfig.NetworkMode);
}

function exceeded({ timeoutMs }: HealthPlan): string {
  return `Health check exceeded timeout (${timeoutMs / 1000}s)`;
}

async function execProbe(
  ctx: Context,
  id: string,
  command: readonly string[],
  plan: HealthPlan,
): Promise<ProbeResult> {
  const config = { Cmd: [...command], AttachStdout: true, AttachStderr: true };
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
  return { exitCode: NO_EXIT_CODE, output: exceeded(plan) };
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

import { getSystemErrorName } from "node:util";
import type { LogNotice, SupervisedProcess } from "#runtime/types.ts";
import { logPlanOf } from "./container-log.ts";
import type { Context } from "./context.ts";
import type { Run } from "./live.ts";

/** While a container runs: rotated files of its log are compressed, and failures to write it are told. */
export function watchLog(ctx: Context, id: string, run: Run): void {
  const record = ctx.records.get(id);
  const plan = record && logPlanOf(ctx, record);
  if (!plan) return;
  const watched = { id, path: plan.path, process: run.process, signal: run.watching };
  run.process.watchLog((notice) => hear(ctx, watched, notice));
  if (plan.compressed) compress(ctx, watched); // what an earlier run or daemon left plain
}

interface WatchedLog {
  readonly id: string;
  readonly path: string;
  readonly process: SupervisedProcess;
  readonly signal: AbortSignal;
}

function hear(ctx: Context, watched: WatchedLog, notice: LogNotice): void {
  const fields = { container: watched.id };
  if (notice.kind === "rotated") compress(ctx, watched);
  else if (notice.kind === "failing")
    ctx.log.error("cannot write a container's log; it runs on and its lines are lost", {
      ...fields,
      reason: getSystemErrorName(-notice.errno),
    });
  else ctx.log.warn("a container's log is written again", { ...fields, lostEntries: notice.lostEntries });
}

function compress(ctx: Context, { id, path, process, signal }: WatchedLog): void {
  const adopt = (inode: number) => process.adoptCompressedLog(inode);
  ctx.compressor.compress(path, adopt, signal).catch((error) => {
    if (!signal.aborted) ctx.log.warn("cannot compress a rotated log", { container: id, error });
  });
}

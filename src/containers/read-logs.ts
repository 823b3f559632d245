import { InvalidArgument, NotImplemented } from "#base/errors.ts";
import { openLog } from "./container-log.ts";
import type { Context } from "./context.ts";
import { subjectOf } from "./emit.ts";
import { nextStatus } from "./lifecycle.ts";
import type { LogsRequest } from "./types.ts";

export function readLogs(
  ctx: Context,
  nameOrId: string,
  request: LogsRequest,
): { readonly chunks: AsyncIterable<Uint8Array>; readonly terminal: boolean } {
  const record = ctx.records.resolve(nameOrId);
  if (!request.stdout && !request.stderr)
    throw new InvalidArgument("must specify at least one of 'stdout' or 'stderr'");
  nextStatus(subjectOf(ctx, record), "logs");
  const terminal = record.config.Tty ?? false;
  const { stdout, stderr, timestamps, details, since, until, mergeFrames = false } = request;
  const chunks = openLog(ctx, record, {
    decode: { stdout, stderr, framed: !terminal, timestamps, details, since, until, mergeFrames },
    tail: request.tail,
    // As Docker: who follows a container that does not run gets what there is.
    followUntil: request.follow ? ctx.live.find(record.id)?.run?.process.exited : undefined,
    signal: request.signal,
  });
  if (!chunks) throw new NotImplemented("configured logging driver does not support reading");
  return { chunks, terminal };
}

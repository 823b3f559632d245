import { InvalidArgument, NotImplemented } from "#base/errors.ts";
import type { Context } from "./context.ts";
import { subjectOf } from "./emit.ts";
import { nextStatus } from "./lifecycle.ts";
import { isReadable } from "./logs/options.ts";
import { readLog } from "./logs/read.ts";
import { pathsOf } from "./paths.ts";
import type { LogsRequest } from "./types.ts";

export function readLogs(
  ctx: Context,
  nameOrId: string,
  request: LogsRequest,
): { readonly chunks: AsyncIterable<Uint8Array>; readonly terminal: boolean } {
  const record = ctx.records.resolve(nameOrId);
  if (!request.stdout && !request.stderr)
    throw new InvalidArgument("must specify at least one of 'stdout' or 'stderr'");
  if (!isReadable(record.hostConfig.LogConfig))
    throw new NotImplemented("configured logging driver does not support reading");
  nextStatus(subjectOf(ctx, record), "logs");
  const terminal = record.config.Tty ?? false;
  const { stdout, stderr, timestamps, details, since, until, mergeFrames = false } = request;
  const chunks = readLog({
    path: pathsOf(ctx.settings, record.id).log,
    decode: { stdout, stderr, framed: !terminal, timestamps, details, since, until, mergeFrames },
    tail: request.tail,
    // As Docker: who follows a container that does not run gets what there is.
    followUntil: request.follow ? ctx.live.find(record.id)?.run?.process.exited : undefined,
    signal: request.signal,
  });
  return { chunks, terminal };
}

/** `logs`: what containers have written, and with `follow` what they go on to write. */
import { messageOf, NotFound, NotImplemented } from "#base/errors.ts";
import type { LogsOptions } from "#client/containers.ts";
import { allSettled } from "../graph.ts";
import { shortName } from "../names.ts";
import { listProjectContainers } from "../observe.ts";
import type { ComposeContext, ObservedContainer } from "../types.ts";
import { type LogSink, pumpLines } from "./lines.ts";
import { monitor } from "./monitor.ts";

export interface FollowOptions extends Pick<LogsOptions, "since" | "until" | "tail" | "timestamps"> {
  readonly project: string;
  readonly containers: readonly ObservedContainer[];
  readonly sink: LogSink;
}

export async function showLogs(context: ComposeContext, options: FollowOptions): Promise<void> {
  await allSettled(
    options.containers.map((container) =>
      streamLogs(context, {
        ...options,
        id: container.id,
        source: shortName(container.name, container.labels),
      }),
    ),
  );
}

/** Also of containers that are started later, until all have ended or `signal` fires. */
export async function followLogs(
  context: ComposeContext,
  {
    signal,
    services,
    ...options
  }: FollowOptions & { readonly signal: AbortSignal; readonly services: ReadonlySet<string> },
): Promise<void> {
  const { sink, project } = options;
  // First the events, then who runs: nobody can end unheard in between.
  const events = await monitor(context.client, { project, services, signal });
  const running = await runningOf(context, options);
  const streams = options.containers.map((container) =>
    streamLogs(context, {
      ...options,
      id: container.id,
      source: shortName(container.name, container.labels),
      follow: true,
      signal,
    }),
  );
  if (running.size === 0) await events.return(undefined);
  for await (const event of events) {
    const { id, source, time: since } = event;
    if (event.kind === "started") {
      running.add(id);
      streams.push(streamLogs(context, { ...options, id, source, since, tail: "all", follow: true, signal }));
    }
    if (event.kind !== "exited") continue;
    await sink.status(
      source,
      `exited with code ${event.exitCode}${event.isRestarting ? " (restarting)" : ""}`,
    );
    if (!event.isRestarting) running.delete(id);
    if (running.size === 0) break;
  }
  await allSettled(streams);
}

async function runningOf(
  { client }: ComposeContext,
  { project, containers }: FollowOptions,
): Promise<Set<string>> {
  const wanted = new Set(containers.map(({ id }) => id));
  const now = await listProjectContainers(client, project);
  const isUp = ({ id, state }: ObservedContainer) =>
    wanted.has(id) && (state === "running" || state === "restarting");
  return new Set(now.filter(isUp).map(({ id }) => id));
}

export interface StreamRequest extends LogsOptions {
  readonly id: string;
  readonly source: string;
  readonly sink: LogSink;
}

/** Containers whose log cannot be read are only warned of; one that is gone has no log. */
export async function streamLogs(
  { client, warn }: Pick<ComposeContext, "client" | "warn">,
  { id, source, sink, follow, since, until, tail, timestamps, signal }: StreamRequest,
): Promise<void> {
  try {
    const [{ Config }, response] = await Promise.all([
      client.containers.inspect(id),
      client.containers.logs(id, {
        stdout: true,
        stderr: true,
        ...(follow ? { follow } : {}),
        ...(since ? { since } : {}),
        ...(until ? { until } : {}),
        ...(tail ? { tail } : {}),
        ...(timestamps ? { timestamps } : {}),
        ...(signal ? { signal } : {}),
      }),
    ]);
    await pumpLines(response.pieces(), { source, isRaw: Config.Tty ?? false, sink });
  } catch (error) {
    if (signal?.aborted || error instanceof NotFound) return;
    if (!(error instanceof NotImplemented)) throw error;
    warn(`the log of ${source} cannot be read: ${messageOf(error)}`);
  }
}

import { Duplex } from "node:stream";
import { Unavailable } from "#base/errors.ts";
import type { AttachOptions, AttachStream } from "#runtime/types.ts";
import { areWatchable, ClientStream } from "./client-stream.ts";
import { openLog } from "./container-log.ts";
import type { Context } from "./context.ts";
import { parseDetachKeys } from "./detach-keys.ts";
import { emitContainerEvent, subjectOf } from "./emit.ts";
import { nextStatus } from "./lifecycle.ts";
import type { Run, WaitingReader } from "./live.ts";
import type { AttachingClient, AttachRequest, ContainerRecord } from "./types.ts";

/** What one supervisor takes, with room for those that come later. */
const WAITING_MAX = 1000;

/**
 * A client's connection to a container's process. Before the start it waits, and is connected before the process runs.
 * Under the container's lock, so that it is either in time for a start or finds the process it started.
 */
export async function attachContainer(
  ctx: Context,
  nameOrId: string,
  request: AttachRequest,
): Promise<{ readonly stream: Duplex; readonly terminal: boolean }> {
  return await attachable(ctx, nameOrId, async (record) => {
    const stream = await connect(ctx, record, request, detachKeysOf(ctx, record, request));
    emitContainerEvent(ctx, record, "attach");
    return { stream, terminal: record.config.Tty ?? false };
  });
}

/**
 * Gives the client's own connection to the process that runs: no byte passes here from then on, and it survives us.
 * @returns false where the bytes must pass through here: before the start, with the log to send first, through TLS, with
 * long detach keys, or past a supervisor of an earlier version
 */
export async function handOver(
  ctx: Context,
  nameOrId: string,
  request: AttachRequest,
  client: AttachingClient,
): Promise<boolean> {
  return await attachable(ctx, nameOrId, async (record) => {
    const { run } = ctx.live.of(record.id);
    const detachKeys = detachKeysOf(ctx, record, request);
    const isOurs = request.logs || !request.stream || !areWatchable(detachKeys);
    const offered = run && !isOurs ? client.offer() : undefined;
    if (!run || !offered) return false;
    const { stdin, stdout, stderr } = request;
    const options = { stdin, stdout, stderr };
    const words = Buffer.from(client.head(record.config.Tty ?? false));
    const isTaken = await run.process.handOver({ fd: offered.fd, options, detachKeys, words });
    if (isTaken) offered.release();
    else client.takeBack();
    if (isTaken) emitContainerEvent(ctx, record, "attach");
    return isTaken;
  });
}

async function attachable<T>(
  ctx: Context,
  nameOrId: string,
  work: (record: ContainerRecord) => Promise<T>,
): Promise<T> {
  const { id } = ctx.records.resolve(nameOrId);
  return await ctx.locks.run(id, async () => {
    const record = ctx.records.resolve(id);
    nextStatus(subjectOf(ctx, record), "attach");
    return await work(record);
  });
}

/** Only somebody who types at a terminal can type the keys. @throws InvalidArgument for keys that are none, in any case */
function detachKeysOf(ctx: Context, record: ContainerRecord, request: AttachRequest): Uint8Array | undefined {
  const keys = parseDetachKeys(request.detachKeys || ctx.settings.detachKeys);
  return request.stdin && record.config.Tty ? keys : undefined;
}

async function connect(
  ctx: Context,
  record: ContainerRecord,
  request: AttachRequest,
  detachKeys: Uint8Array | undefined,
): Promise<Duplex> {
  const replay = request.logs ? replayLog(ctx, record, request) : undefined;
  if (!request.stream) return replayOnly(replay);
  const { stdin, stdout, stderr } = request;
  const options: AttachOptions = { stdin, stdout, stderr };
  const { run } = ctx.live.of(record.id);
  if (run && !replay && !detachKeys) return await run.process.attach(options);
  const client = new ClientStream({
    detachKeys,
    onDetach: () => emitContainerEvent(ctx, record, "detach"),
    ...(replay ? {} : { isHungUp: (fd) => ctx.runtime.isHungUp(fd) }),
  });
  if (run) client.connect(await run.process.attach(options), replay);
  else waitForStart(ctx, record.id, client, options, replay);
  return client;
}

function waitForStart(
  ctx: Context,
  id: string,
  client: ClientStream,
  options: AttachOptions,
  replay: AsyncIterable<Uint8Array> | undefined,
): void {
  const { waitingReaders } = ctx.live.of(id);
  if (waitingReaders.size >= WAITING_MAX)
    throw new Unavailable(
      `cannot attach to container ${id}: ${WAITING_MAX} clients wait for its start already`,
    );
  const reader: WaitingReader = {
    options,
    connected: (stream: AttachStream) => client.connect(stream, replay),
    direct: () => client.takeOffer(),
    failed: () => client.endUnconnected(),
  };
  waitingReaders.add(reader);
  client.once("close", () => waitingReaders.delete(reader));
}

/** The log and no process: what the client types goes nowhere. */
function replayOnly(replay: AsyncIterable<Uint8Array> | undefined): Duplex {
  const client = new ClientStream();
  const nobody = new Duplex({
    read() {
      this.push(null);
    },
    write: (_chunk, _encoding, done) => done(),
  });
  client.connect(nobody, replay);
  return client;
}

function replayLog(
  ctx: Context,
  record: ContainerRecord,
  request: AttachRequest,
): AsyncIterable<Uint8Array> | undefined {
  return openLog(ctx, record, {
    decode: {
      stdout: request.stdout,
      stderr: request.stderr,
      framed: !record.config.Tty,
      timestamps: false,
      details: false,
      since: undefined,
      until: undefined,
    },
    tail: undefined,
    followUntil: undefined,
    signal: ctx.closing,
  });
}

/** Of clients whose own connections the process has. */
export function watchDetach(ctx: Context, id: string, run: Run): void {
  run.process.watchDetach(() => {
    const record = ctx.records.get(id);
    if (record) emitContainerEvent(ctx, record, "detach");
  });
}

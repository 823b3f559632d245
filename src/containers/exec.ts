import { Conflict, InvalidArgument, NotFound } from "#base/errors.ts";
import { newId } from "#base/ids.ts";
import { execProcess } from "#runtime/spec/process.ts";
import type { AttachStream, PendingAttach, SupervisedProcess } from "#runtime/types.ts";
import type { ExecConfig, ExecInspect } from "#spec/docker/exec.ts";
import { areWatchable, ClientStream, type OfferedConnection } from "./client-stream.ts";
import type { Context } from "./context.ts";
import { parseDetachKeys } from "./detach-keys.ts";
import { emitContainerEvent, subjectOf } from "./emit.ts";
import { type ExecSession, KEPT_AFTER_END_MS } from "./exec-sessions.ts";
import { nextStatus } from "./lifecycle.ts";
import { linkedEnvironment } from "./links.ts";
import { pathsOf } from "./paths.ts";
import { startExitCode } from "./start-exit-code.ts";
import type { ContainerRecord } from "./types.ts";

/** What a shell answers when it finds a program and cannot run it. */
const CANNOT_INVOKE = 126;

export interface ExecStartOptions {
  readonly detach: boolean;
  /** [height, width] */
  readonly consoleSize?: readonly number[];
  readonly connection?: OfferedConnection | undefined;
}

export function createExec(ctx: Context, nameOrId: string, config: ExecConfig): string {
  const record = ctx.records.resolve(nameOrId);
  if (!config.Cmd?.length) throw new InvalidArgument("No exec command specified");
  parseDetachKeys(config.DetachKeys ?? "");
  nextStatus(subjectOf(ctx, record), "exec");
  const id = newId();
  ctx.sessions.add({
    id,
    containerId: record.id,
    config,
    state: "created",
    process: undefined,
    exitCode: undefined,
  });
  emitContainerEvent(ctx, record, `exec_create: ${commandText(config.Cmd)}`, { execID: id });
  return id;
}

/** The program, a space, the arguments: Docker's events have the space also where no argument follows. */
function commandText([program, ...args]: readonly string[]): string {
  const text = `${program} ${args.join(" ")}`;
  return text.length > EVENT_TEXT_MAX ? `${text.slice(0, EVENT_TEXT_MAX)}…` : text;
}

/** Of a command in an event: the journal keeps events, and a command may be as long as a request's body. */
const EVENT_TEXT_MAX = 16 * 1024;

/**
 * Runs the session's command. Without the container's lock: sessions neither wait for each other nor keep a stop
 * waiting, and one that meets the container's end simply fails to start.
 * @throws Conflict when it ran before; StartFailed with the runtime's words
 */
export async function startExec(
  ctx: Context,
  execId: string,
  options: ExecStartOptions,
): Promise<{ readonly stream: AttachStream | undefined; readonly terminal: boolean }> {
  const session = ctx.sessions.get(execId);
  const record = ctx.records.resolve(session.containerId);
  checkNotStarted(session);
  nextStatus(subjectOf(ctx, record), "exec");
  session.state = "starting";
  const attached: { stream?: AttachStream } = {};
  const pending = options.detach ? undefined : pendingAttach(ctx, session, attached, options.connection);
  emitContainerEvent(ctx, record, `exec_start: ${commandText(session.config.Cmd!)}`, { execID: execId });
  try {
    session.process = await runSession(ctx, record, session, options, pending);
  } catch (error) {
    endSession(ctx, session, startExitCode(error, CANNOT_INVOKE));
    throw error;
  }
  session.state = "running";
  void watchSession(ctx, record, session, session.process);
  const stream = attached.stream && withDetachKeys(ctx, record, session, attached.stream);
  return { stream, terminal: session.config.Tty ?? false };
}

async function runSession(
  ctx: Context,
  record: ContainerRecord,
  { id, config }: ExecSession,
  options: ExecStartOptions,
  attach: PendingAttach | undefined,
): Promise<SupervisedProcess> {
  const { runDirectory, root } = pathsOf(ctx.settings, record.id);
  const { process, warnings } = execProcess({
    id: record.id,
    config: { ...record.config, Env: [...linkedEnvironment(ctx, record), ...(record.config.Env ?? [])] },
    hostConfig: record.hostConfig,
    exec: { ...config, ConsoleSize: [...(options.consoleSize ?? config.ConsoleSize ?? [])] },
    accounts: ctx.specs.readAccounts(root),
    host: ctx.specs.host,
    defaults: ctx.specs.defaults,
  });
  if (warnings.length > 0) ctx.log.debug("exec gets less than asked for", { exec: id, warnings });
  return await ctx.runtime.exec({
    containerId: record.id,
    id,
    runDirectory,
    process,
    note: JSON.stringify(config),
    terminal: config.Tty ?? false,
    openStdin: config.AttachStdin ?? false,
    runtime: record.hostConfig.Runtime || ctx.runtime.defaultName,
    attach,
  });
}

export function inspectExec(ctx: Context, execId: string): ExecInspect {
  const { id, containerId, config, state, process, exitCode } = ctx.sessions.get(execId);
  const [entrypoint = "", ...args] = config.Cmd ?? [];
  return {
    ID: id,
    Running: state === "running",
    ExitCode: exitCode ?? null,
    ProcessConfig: {
      tty: config.Tty ?? false,
      entrypoint,
      arguments: args,
      privileged: config.Privileged ?? false,
      ...(config.User ? { user: config.User } : {}),
    },
    OpenStdin: config.AttachStdin ?? false,
    OpenStderr: config.AttachStderr ?? false,
    OpenStdout: config.AttachStdout ?? false,
    CanRemove: false,
    ContainerID: containerId,
    DetachKeys: config.DetachKeys ? Buffer.from(parseDetachKeys(config.DetachKeys)).toString("base64") : "",
    Pid: process?.pid ?? 0,
  };
}

export function resizeExec(ctx: Context, execId: string, rows: number, columns: number): void {
  const { state, process } = ctx.sessions.get(execId);
  if (state === "ended") throw new NotFound("no such exec");
  if (state !== "running") throw new Conflict(`exec process is not started: ${execId}`);
  process!.resize(rows, columns);
}

function checkNotStarted({ id, state }: ExecSession): void {
  if (state === "ended") throw new Conflict(`exec command ${id} has already run`);
  if (state !== "created") throw new Conflict(`exec command ${id} is already running`);
}

function pendingAttach(
  ctx: Context,
  { config }: ExecSession,
  attached: { stream?: AttachStream },
  connection: OfferedConnection | undefined,
): PendingAttach {
  const detachKeys = detachKeysOf(ctx, config);
  const direct = connection &&
    areWatchable(detachKeys) && { fd: connection.fd, detachKeys, taken: () => connection.release() };
  return {
    ...(direct ? { direct: () => direct } : {}),
    options: {
      stdin: config.AttachStdin ?? false,
      stdout: config.AttachStdout ?? false,
      stderr: config.AttachStderr ?? false,
    },
    connected: (stream) => {
      attached.stream = stream;
    },
  };
}

/** Only somebody who types at a terminal can type the keys. */
function detachKeysOf(ctx: Context, config: ExecConfig): Uint8Array | undefined {
  return config.Tty && config.AttachStdin
    ? parseDetachKeys(config.DetachKeys || ctx.settings.detachKeys)
    : undefined;
}

function withDetachKeys(
  ctx: Context,
  record: ContainerRecord,
  { id, config }: ExecSession,
  stream: AttachStream,
): AttachStream {
  const detachKeys = detachKeysOf(ctx, config);
  if (!detachKeys) return stream;
  const client = new ClientStream({
    detachKeys,
    onDetach: () => emitContainerEvent(ctx, record, "exec_detach", { execID: id }),
  });
  client.connect(stream);
  return client;
}

export async function watchSession(
  ctx: Context,
  record: ContainerRecord,
  session: ExecSession,
  process: SupervisedProcess,
): Promise<void> {
  process.watchDetach(() => emitContainerEvent(ctx, record, "exec_detach", { execID: session.id }));
  const { code } = await process.exited;
  if (ctx.closing.aborted) return;
  endTold(ctx, record, session, code);
}

export function endTold(ctx: Context, record: ContainerRecord, session: ExecSession, exitCode: number): void {
  endSession(ctx, session, exitCode);
  emitContainerEvent(ctx, record, "exec_die", { execID: session.id, exitCode: `${exitCode}` });
}

function endSession(ctx: Context, session: ExecSession, exitCode: number): void {
  session.state = "ended";
  session.exitCode = exitCode;
  void ctx.clock.sleep(KEPT_AFTER_END_MS, ctx.closing).then(() => ctx.sessions.forget(session.id));
}

import { join } from "node:path";
import { Conflict, messageOf, Unavailable } from "#base/errors.ts";
import { isErrno, readIfExists } from "#base/fs.ts";
import type { Kernel } from "#kernel/types.ts";
import { connectAttachStream } from "./shim/attach-stream.ts";
import type { ControlConnection } from "./shim/control-connection.ts";
import { passConnection } from "./shim/pass-connection.ts";
import {
  decodeExitRecord,
  type ExitRecord,
  encodeAdoptCompressed,
  encodeCloseStdin,
  encodeReopenLog,
  encodeResize,
  encodeSignal,
  type FailedNotice,
  type LogNotice,
  type Notice,
  SOCKET_NAME,
  type StartedNotice,
} from "./shim/protocol.ts";
import type { AttachOptions, AttachStream, ExitStatus, HandOver, SupervisedProcess } from "./types.ts";

/** 128 + SIGKILL: nobody saw the end, and what ends unseen was killed. */
const LOST_CODE = 137;
const SIGKILL = 9;
/** Notices kept for a listener that is about to come; an exec session has none. */
const UNHEARD_MAX = 16;

/** What became of a start, told by the supervisor. */
export type StartOutcome =
  | { readonly type: "started"; readonly started: StartedNotice }
  | { readonly type: "failed"; readonly failure: FailedNotice | undefined };

/**
 * What a supervisor tells about its process, kept until somebody asks: notices may come before the connection's opener
 * returns.
 */
export class Watch {
  readonly #recordPath: string | undefined;
  readonly #started = Promise.withResolvers<StartOutcome>();
  readonly #exited = Promise.withResolvers<ExitStatus>();
  #ended = false;
  #logListener: ((notice: LogNotice) => void) | undefined;
  /** Of a log that failed before anybody listened. */
  #unheard: LogNotice[] = [];
  #detachListener: (() => void) | undefined;
  #unheardDetaches = 0;

  /** @param recordPath where the supervisor writes how the process ended, if it does */
  constructor(recordPath: string | undefined) {
    this.#recordPath = recordPath;
  }

  /** Never rejects; `failed` without a notice means that the supervisor itself died. */
  get started(): Promise<StartOutcome> {
    return this.#started.promise;
  }

  get exited(): Promise<ExitStatus> {
    return this.#exited.promise;
  }

  get hasEnded(): boolean {
    return this.#ended;
  }

  notice(notice: Notice): void {
    if (notice.type === "started") this.#started.resolve(notice);
    else if (notice.type === "failed") this.#started.resolve(notice);
    else if (notice.type === "log") this.#tellLog(notice.log);
    else if (notice.type === "detached") this.#tellDetached();
    else this.#end(exitStatusOf(notice.record));
  }

  closed(): void {
    this.#started.resolve({ type: "failed", failure: undefined });
    if (!this.#ended) this.#end(readExitRecord(this.#recordPath) ?? lostStatus());
  }

  set logListener(listener: (notice: LogNotice) => void) {
    this.#logListener = listener;
    for (const notice of this.#unheard.splice(0)) listener(notice);
  }

  set detachListener(listener: () => void) {
    this.#detachListener = listener;
    for (; this.#unheardDetaches > 0; this.#unheardDetaches--) listener();
  }

  #tellDetached(): void {
    if (this.#detachListener) this.#detachListener();
    else if (this.#unheardDetaches < UNHEARD_MAX) this.#unheardDetaches += 1;
  }

  #tellLog(notice: LogNotice): void {
    if (this.#logListener) this.#logListener(notice);
    else if (this.#unheard.length < UNHEARD_MAX) this.#unheard.push(notice);
  }

  #end(status: ExitStatus): void {
    this.#ended = true;
    this.#exited.resolve(status);
  }
}

/** @returns undefined where there is no record, or none that can be read */
export function readExitRecord(path: string | undefined): ExitStatus | undefined {
  const text = path === undefined ? undefined : readIfExists(path);
  if (text === undefined) return undefined;
  try {
    return exitStatusOf(decodeExitRecord(text));
  } catch {
    return undefined; // half a record after a power failure: as good as none
  }
}

function exitStatusOf({ code, signal, oomKilled, finishedAt }: ExitRecord): ExitStatus {
  return { code, signal, oomKilled, finishedAt };
}

function lostStatus(): ExitStatus {
  return { code: LOST_CODE, signal: SIGKILL, oomKilled: false, finishedAt: new Date().toISOString() };
}

export interface SupervisedProcessParts {
  readonly id: string;
  readonly directory: string;
  readonly started: StartedNotice;
  readonly watch: Watch;
  readonly control: ControlConnection;
  readonly files: SupervisorFiles;
}

/** What it takes to reach a supervisor by its socket. */
export type SupervisorFiles = Pick<Kernel["files"], "openDirectory" | "close" | "passDescriptor">;

export function supervisedProcess(parts: SupervisedProcessParts): SupervisedProcess {
  const { id, started, watch, control } = parts;
  const tell = (request: Uint8Array) => {
    if (!watch.hasEnded) control.send(request);
    return !watch.hasEnded;
  };
  return {
    id,
    pid: started.pid,
    startedAt: started.startedAt,
    exited: watch.exited,
    attach: (options) => attach(parts, options),
    handOver: (client) => handOver(parts, client),
    watchDetach(listener) {
      watch.detachListener = listener;
    },
    resize: (rows, columns) => void tell(encodeResize(rows, columns)),
    signal: (signal) => tell(encodeSignal(signal)),
    closeStdin: () => void tell(encodeCloseStdin()),
    watchLog(listener) {
      watch.logListener = listener;
    },
    adoptCompressedLog: (inode) => tell(encodeAdoptCompressed(inode)),
    reopenLog: () => void tell(encodeReopenLog()),
  };
}

async function attach(parts: SupervisedProcessParts, options: AttachOptions): Promise<AttachStream> {
  if (parts.watch.hasEnded) throw ended(parts.id);
  try {
    return await throughShortPath(parts.files, parts.directory, (path) => connectAttachStream(path, options));
  } catch (cause) {
    if (parts.watch.hasEnded || NOBODY_THERE.some((code) => isErrno(cause, code)))
      throw ended(parts.id, cause);
    throw new Unavailable(`cannot attach to container ${parts.id}: ${messageOf(cause)}`, { cause });
  }
}

async function handOver(
  { watch, files, directory }: SupervisedProcessParts,
  client: HandOver,
): Promise<boolean> {
  if (watch.hasEnded) return false;
  return await throughShortPath(files, directory, (path) => passConnection(files, path, client));
}

/** A supervisor whose process has ended refuses connections. */
const NOBODY_THERE = ["ECONNREFUSED", "ENOENT"];

function ended(id: string, cause?: unknown): Conflict {
  return new Conflict(`container ${id} is not running`, { cause });
}

/** A socket's path may have 107 bytes: a longer one is reached through an open directory. */
export async function throughShortPath<T>(
  files: Pick<Kernel["files"], "openDirectory" | "close">,
  directory: string,
  connect: (path: string) => Promise<T>,
): Promise<T> {
  const path = join(directory, SOCKET_NAME);
  if (Buffer.byteLength(path) < 108) return await connect(path);
  const fd = files.openDirectory(directory);
  try {
    return await connect(`/proc/self/fd/${fd}/${SOCKET_NAME}`);
  } finally {
    files.close(fd);
  }
}

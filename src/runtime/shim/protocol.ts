/** Messages to and from a supervisor; `shim/protocol.md` is the page this file mirrors. */
import { Unavailable } from "#base/errors.ts";
import type { AttachOptions } from "../types.ts";

const PROTOCOL_VERSION = 1;
const MAGIC = "whrf";
export const HEAD_BYTES = 8;

/** Names in a run directory that both sides know. */
export const SOCKET_NAME = "supervisor.sock";
export const CONSOLE_NAME = "console.sock";
export const PID_NAME = "pid";
export const RUNTIME_LOG_NAME = "runtime.log";

const KIND = { control: 1, attach: 2, handOver: 3 } as const;
const STREAM_BIT = { stdin: 1, stdout: 2, stderr: 4 } as const;
const REQUEST = { resize: 1, signal: 2, closeStdin: 3, reopenLog: 4, adoptCompressed: 5 } as const;
const NOTICE = { started: 128, exited: 129, failed: 130, rotated: 131, log: 132, detached: 133 } as const;
/** In a control connection's hello: we know the notice "detached". */
const KNOWS_DETACHED = 1;
/** Detach keys and words for the client that a supervisor takes with a connection. */
export const DETACH_KEYS_MAX = 16;
export const WORDS_BYTES_MAX = 1024;
/** What the supervisor sends is far smaller; more means that somebody else is talking. */
const NOTICE_BYTES_MAX = 4096;

export interface StartedNotice {
  readonly pid: number;
  readonly startedAt: string;
}

export interface ExitRecord extends StartedNotice {
  readonly code: number;
  readonly signal: number;
  readonly oomKilled: boolean;
  readonly finishedAt: string;
}

export interface FailedNotice {
  /** What could not be done, as the end of "cannot …". */
  readonly what: string;
  /** 0 when the kernel has no part in it. */
  readonly errno: number;
  /** The runtime's exit code; -1 when it did not run. */
  readonly status: number;
}

export type Notice =
  | { readonly type: "started"; readonly started: StartedNotice }
  | { readonly type: "exited"; readonly record: ExitRecord }
  | { readonly type: "failed"; readonly failure: FailedNotice }
  | { readonly type: "log"; readonly log: LogNotice }
  /** A client whose own connection the supervisor has typed its detach keys. */
  | { readonly type: "detached" };

/** What became of the log: a file was rotated, or entries are lost and later written again. */
export type LogNotice =
  | { readonly kind: "rotated" }
  | { readonly kind: "failing"; readonly errno: number }
  | { readonly kind: "recovered"; readonly lostEntries: number };

// ── connections ─────────────────────────────────────────────────────────────

export function encodeControlHello(): Uint8Array {
  return hello(KIND.control, KNOWS_DETACHED);
}

export function encodeAttachHello(streams: AttachOptions): Uint8Array {
  return hello(KIND.attach, streamBits(streams));
}

/**
 * Goes with a descriptor: the client's connection that the supervisor is to take over.
 * @param words for the client, before anything the process says; at most WORDS_BYTES_MAX
 * @param keys that let go of a terminal, at most DETACH_KEYS_MAX; none: nobody watches
 */
export function encodeHandOver(streams: AttachOptions, words: Uint8Array, keys: Uint8Array): Uint8Array {
  const lengths = Buffer.alloc(2);
  lengths.writeUInt16BE(words.byteLength);
  return Buffer.concat([hello(KIND.handOver, streamBits(streams), keys.byteLength), lengths, keys, words]);
}

function hello(kind: number, bits: number, keys = 0): Uint8Array {
  return Buffer.from([...Buffer.from(MAGIC), PROTOCOL_VERSION, kind, bits, keys]);
}

/** The STREAMS byte of a hello, also used on the command line. */
export function streamBits(streams: AttachOptions): number {
  return (
    (streams.stdin ? STREAM_BIT.stdin : 0) |
    (streams.stdout ? STREAM_BIT.stdout : 0) |
    (streams.stderr ? STREAM_BIT.stderr : 0)
  );
}

/** Reads the supervisor's answer to a hello. @throws Error when it is not "accepted" */
export function checkAnswer(answer: Uint8Array): void {
  const isOurs = Buffer.from(answer.subarray(0, 4)).toString("latin1") === MAGIC;
  if (!isOurs || answer.length !== HEAD_BYTES) throw new Error("no supervisor answers on this socket");
  const [version, status] = [answer[4], answer[5]];
  if (status === 1) throw new Unavailable("the supervisor has too many connections");
  if (status !== 0)
    throw new Unavailable(`the supervisor speaks version ${version}, not ${PROTOCOL_VERSION}`);
}

export function encodeResize(rows: number, columns: number): Uint8Array {
  const frame = request(REQUEST.resize, 4);
  frame.writeUInt16BE(clampToU16(rows), HEAD_BYTES);
  frame.writeUInt16BE(clampToU16(columns), HEAD_BYTES + 2);
  return frame;
}

export function encodeSignal(signal: number): Uint8Array {
  const frame = request(REQUEST.signal, 4);
  frame.writeUInt32BE(signal, HEAD_BYTES);
  return frame;
}

export function encodeCloseStdin(): Uint8Array {
  return request(REQUEST.closeStdin, 0);
}

export function encodeReopenLog(): Uint8Array {
  return request(REQUEST.reopenLog, 0);
}

/** @param inode of the rotated file whose compressed form waits under the log's name with ".compressed" */
export function encodeAdoptCompressed(inode: number): Uint8Array {
  const frame = request(REQUEST.adoptCompressed, 8);
  frame.writeBigUInt64BE(BigInt(inode), HEAD_BYTES);
  return frame;
}

function request(type: number, payloadBytes: number): Buffer {
  const frame = Buffer.alloc(HEAD_BYTES + payloadBytes);
  frame[0] = type;
  frame.writeUInt32BE(payloadBytes, 4);
  return frame;
}

function clampToU16(value: number): number {
  return Math.max(0, Math.min(0xffff, Math.trunc(value) || 0));
}

/** Cuts the supervisor's bytes on a control connection into notices. */
export class NoticeDecoder {
  #pending = Buffer.alloc(0);

  /** @throws Error for anything the protocol does not know: the connection is of no use then */
  push(bytes: Uint8Array): Notice[] {
    this.#pending = Buffer.concat([this.#pending, bytes]);
    const notices: Notice[] = [];
    for (;;) {
      if (this.#pending.length < HEAD_BYTES) return notices;
      const length = this.#pending.readUInt32BE(4);
      if (length > NOTICE_BYTES_MAX) throw new Error(`the supervisor sent a frame of ${length} bytes`);
      const end = HEAD_BYTES + length;
      if (this.#pending.length < end) return notices;
      notices.push(decodeNotice(this.#pending[0]!, this.#pending.toString("utf8", HEAD_BYTES, end)));
      this.#pending = this.#pending.subarray(end);
    }
  }
}

function decodeNotice(type: number, payload: string): Notice {
  if (type === NOTICE.started) return { type: "started", started: decodeStarted(decodeObject(payload)) };
  if (type === NOTICE.exited) return { type: "exited", record: decodeExitRecord(payload) };
  if (type === NOTICE.failed) return { type: "failed", failure: decodeFailed(decodeObject(payload)) };
  if (type === NOTICE.rotated) return { type: "log", log: { kind: "rotated" } };
  if (type === NOTICE.log) return { type: "log", log: decodeLogFailure(decodeObject(payload)) };
  if (type === NOTICE.detached) return { type: "detached" };
  throw new Error(`the supervisor sent a frame of unknown type ${type}`);
}

/** Text of an exit record, from a frame or a file. @throws Error when a field is missing or of the wrong type */
export function decodeExitRecord(text: string): ExitRecord {
  const fields = decodeObject(text);
  return {
    ...decodeStarted(fields),
    code: field(fields, "code", "number"),
    signal: field(fields, "signal", "number"),
    oomKilled: field(fields, "oomKilled", "boolean"),
    finishedAt: field(fields, "finishedAt", "string"),
  };
}

function decodeStarted(fields: Record<string, unknown>): StartedNotice {
  return { pid: field(fields, "pid", "number"), startedAt: field(fields, "startedAt", "string") };
}

function decodeFailed(fields: Record<string, unknown>): FailedNotice {
  return {
    what: field(fields, "what", "string"),
    errno: field(fields, "errno", "number"),
    status: field(fields, "status", "number"),
  };
}

function decodeLogFailure(fields: Record<string, unknown>): LogNotice {
  const errno = field(fields, "errno", "number");
  return errno > 0
    ? { kind: "failing", errno }
    : { kind: "recovered", lostEntries: field(fields, "lost", "number") };
}

interface FieldTypes {
  readonly number: number;
  readonly string: string;
  readonly boolean: boolean;
}

function field<T extends keyof FieldTypes>(
  fields: Record<string, unknown>,
  name: string,
  type: T,
): FieldTypes[T] {
  const value = fields[name];
  if (typeof value !== type) throw new Error(`supervisor's message: ${name} is not a ${type}`);
  return value as FieldTypes[T];
}

function decodeObject(text: string): Record<string, unknown> {
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null) throw new Error("supervisor's message: not an object");
  return value as Record<string, unknown>;
}

/**
 * The records of a local log file; shim/protocol.md says every byte. A record is what was read from the process at once:
 * several lines, or a part of one. A line belongs to the record it begins in.
 */
import { readSync } from "node:fs";
import type { LineCounter, TailInFile } from "./types.ts";

export const LOCAL_FILE_HEAD_BYTES = 16;
export const RECORD_HEAD_BYTES = 16;
export const RECORD_TAIL_BYTES = 4;
const RECORD_BYTES_MAX = 1 << 20;
const MAGIC = Buffer.from("whrflog1");
const CONTINUES = 0x80;
const STREAM_MASK = 0x7f;
const NEWLINE = 10;
const BLOCK_BYTES = 256 * 1024;

export interface RecordHead {
  /** With head and tail. */
  readonly recordBytes: number;
  readonly payloadBytes: number;
  readonly isStdout: boolean;
  /** The payload goes on with a line that an earlier record of the stream began. */
  readonly continues: boolean;
}

/** @returns undefined for bytes that are no record's head: a crash of the machine cut the file there */
export function readRecordHead(bytes: Buffer, at: number): RecordHead | undefined {
  const payloadBytes = bytes.readUInt32BE(at);
  const kind = bytes[at + 4]!;
  const stream = kind & STREAM_MASK;
  if (payloadBytes === 0 || payloadBytes > RECORD_BYTES_MAX || (stream !== 1 && stream !== 2))
    return undefined;
  const recordBytes = RECORD_HEAD_BYTES + payloadBytes + RECORD_TAIL_BYTES;
  return { recordBytes, payloadBytes, isStdout: stream === 1, continues: (kind & CONTINUES) !== 0 };
}

export function readRecordNanos(bytes: Buffer, at: number): bigint {
  return bytes.readBigUInt64BE(at + 8);
}

/** Bytes of records in all files before this one; undefined when this is no local log file. */
export function readFileBase(head: Uint8Array): number | undefined {
  if (head.length < LOCAL_FILE_HEAD_BYTES || MAGIC.compare(head, 0, MAGIC.length) !== 0) return undefined;
  return Number(Buffer.from(head.buffer, head.byteOffset, head.length).readBigUInt64BE(MAGIC.length));
}

/** Lines that begin in a payload. */
export function linesBeginning(payload: Uint8Array, continues: boolean): number {
  let lines = continues ? 0 : 1;
  const last = payload.length - 1; // a newline there ends a line and begins none
  for (let at = payload.indexOf(NEWLINE); at >= 0 && at < last; at = payload.indexOf(NEWLINE, at + 1))
    lines += 1;
  return lines;
}

/** Walks back from record to record. */
export function localTail(fd: number, wanted: number, size: number): TailInFile {
  const walk = new BackwardWalk(fd, endsWithRecord(fd, size) ? size : endOfRecords(fd, size));
  let lines = 0;
  if (wanted === 0) return { offset: walk.end, skipLines: 0, lines: 0 };
  for (let record = walk.previous(); record; record = walk.previous()) {
    lines += linesBeginning(record.payload, record.continues);
    if (lines >= wanted) return { offset: record.offset, skipLines: lines - wanted, lines: wanted };
  }
  return { offset: undefined, skipLines: 0, lines };
}

function endsWithRecord(fd: number, size: number): boolean {
  return size <= LOCAL_FILE_HEAD_BYTES || new BackwardWalk(fd, size).previous() !== undefined;
}

/** A record is being written, or a crash cut it off: where the last whole one ends. Reads the file forwards. */
function endOfRecords(fd: number, size: number): number {
  const block = Buffer.allocUnsafe(BLOCK_BYTES);
  const cutter = new RecordCutter();
  let end = LOCAL_FILE_HEAD_BYTES;
  for (let at = LOCAL_FILE_HEAD_BYTES; at < size; ) {
    const length = readSync(fd, block, 0, Math.min(BLOCK_BYTES, size - at), at);
    if (length === 0) break;
    cutter.push(block.subarray(0, length), (_bytes, _at, { recordBytes }, offset) => {
      end = at + offset + recordBytes;
    });
    at += length;
  }
  return end;
}

class BackwardWalk {
  readonly #fd: number;
  #end: number;
  #block = Buffer.alloc(0);
  #blockStart: number;

  constructor(fd: number, end: number) {
    this.#fd = fd;
    this.#end = end;
    this.#blockStart = end;
  }

  get end(): number {
    return this.#end;
  }

  previous(): { readonly offset: number; readonly payload: Buffer; readonly continues: boolean } | undefined {
    const tailAt = this.#end - RECORD_TAIL_BYTES;
    if (tailAt < LOCAL_FILE_HEAD_BYTES + RECORD_HEAD_BYTES) return undefined;
    const payloadBytes = this.#bytes(tailAt, RECORD_TAIL_BYTES).readUInt32BE(0);
    const offset = tailAt - payloadBytes - RECORD_HEAD_BYTES;
    if (payloadBytes > RECORD_BYTES_MAX || offset < LOCAL_FILE_HEAD_BYTES) return undefined;
    const record = this.#bytes(offset, RECORD_HEAD_BYTES + payloadBytes);
    const head = readRecordHead(record, 0);
    if (head?.payloadBytes !== payloadBytes) return undefined;
    this.#end = offset;
    return { offset, payload: record.subarray(RECORD_HEAD_BYTES), continues: head.continues };
  }

  /** Reads a block that ends where these bytes do, when they are not in the one at hand. */
  #bytes(offset: number, length: number): Buffer {
    if (offset < this.#blockStart) {
      const start = Math.max(0, Math.min(offset, offset + length - BLOCK_BYTES));
      const block = Buffer.allocUnsafe(offset + length - start);
      readSync(this.#fd, block, 0, block.length, start);
      this.#block = block;
      this.#blockStart = start;
    }
    return this.#block.subarray(offset - this.#blockStart, offset - this.#blockStart + length);
  }
}

/** Cuts bytes that come in chunks of any size into whole records. */
export class RecordCutter {
  #carry: Buffer = Buffer.alloc(0);
  #isBroken = false;

  /**
   * Calls `each` with whole records, in bytes that are valid until it returns.
   * @param each `at` is the record's place in `bytes`, `offset` that in the chunk: negative where it began in an earlier one
   */
  push(chunk: Uint8Array, each: (bytes: Buffer, at: number, head: RecordHead, offset: number) => void): void {
    if (this.#isBroken) return;
    const bytes = this.#carry.length > 0 ? Buffer.concat([this.#carry, chunk]) : asBuffer(chunk);
    const carried = this.#carry.length;
    let at = 0;
    while (bytes.length - at >= RECORD_HEAD_BYTES) {
      const head = readRecordHead(bytes, at);
      this.#isBroken = head === undefined;
      if (!head) break;
      if (bytes.length - at < head.recordBytes) break;
      each(bytes, at, head, at - carried);
      at += head.recordBytes;
    }
    this.#carry = Buffer.from(bytes.subarray(at)); // a copy: the chunk's memory is used again
  }

  reset(): void {
    this.#carry = Buffer.alloc(0);
    this.#isBroken = false;
  }
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

export function countLocalLines(): LineCounter {
  const cutter = new RecordCutter();
  let lines = 0;
  return {
    push(chunk) {
      cutter.push(chunk, (bytes, at, { payloadBytes, continues }) => {
        const begin = at + RECORD_HEAD_BYTES;
        lines += linesBeginning(bytes.subarray(begin, begin + payloadBytes), continues);
      });
    },
    get lines() {
      return lines;
    },
  };
}

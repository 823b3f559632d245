import { FRAME_HEAD_BYTES, STREAM } from "#spec/std-copy.ts";
import { formatNanos } from "../times.ts";
import { detailsText } from "./details.ts";
import {
  linesBeginning,
  RECORD_HEAD_BYTES,
  RecordCutter,
  type RecordHead,
  readRecordNanos,
} from "./local-records.ts";
import type { DecodeOptions, EntryDecoder } from "./types.ts";

const NEWLINE = 10;

/** Turns a local log into what clients read. Where nobody asks for single lines a record becomes a frame as it is. */
export class LocalDecoder implements EntryDecoder {
  readonly #options: DecodeOptions;
  readonly #cutter = new RecordCutter();
  readonly #details: string;
  /** Lines are told apart: something stands before each, or each gets a frame of its own. */
  readonly #isByLine: boolean;
  #output = Buffer.alloc(0);
  #length = 0;
  #skip = 0;
  /** Of each stream: the line under way is not wanted. So is at first one whose beginning went with the oldest file. */
  readonly #isDropping: Record<"stdout" | "stderr", boolean> = { stdout: true, stderr: true };
  #isPastUntil = false;

  constructor(options: DecodeOptions) {
    this.#options = options;
    this.#details = options.details ? `${detailsText(options.attrs ?? {})} ` : "";
    this.#isByLine = options.timestamps || options.details || (options.framed && !options.mergeFrames);
  }

  get isPastUntil(): boolean {
    return this.#isPastUntil;
  }

  push(chunk: Uint8Array): Uint8Array {
    this.#output = Buffer.allocUnsafeSlow(chunk.length + RECORD_HEAD_BYTES);
    this.#length = 0;
    this.#cutter.push(chunk, (bytes, at, head) => this.#decode(bytes, at, head));
    return this.#output.subarray(0, this.#length);
  }

  reset(): void {
    this.#cutter.reset();
  }

  skipLines(count: number): void {
    this.#skip = count;
  }

  #decode(bytes: Buffer, at: number, head: RecordHead): void {
    const { stdout, stderr, since, until } = this.#options;
    const stream = head.isStdout ? "stdout" : "stderr";
    const begin = at + RECORD_HEAD_BYTES;
    const payload = bytes.subarray(begin, begin + head.payloadBytes);
    const isWhole = this.#skip === 0 && !(head.continues && this.#isDropping[stream]);
    if (since !== undefined || until !== undefined) {
      const nanos = readRecordNanos(bytes, at);
      if (until !== undefined && nanos > until) this.#isPastUntil = true;
      const isTooOld = since !== undefined && nanos < since;
      if (isTooOld && this.#skip > 0)
        this.#skip = Math.max(0, this.#skip - linesBeginning(payload, head.continues));
      if (this.#isPastUntil || isTooOld) return;
    }
    const isWanted = head.isStdout ? stdout : stderr;
    if (isWhole && !this.#isByLine) {
      this.#isDropping[stream] = false;
      if (isWanted) this.#put(head.isStdout, "", payload);
      return;
    }
    this.#decodeLines(stream, isWanted, payload, head.continues, this.#prefix(bytes, at));
  }

  #decodeLines(
    stream: "stdout" | "stderr",
    isWanted: boolean,
    payload: Buffer,
    continues: boolean,
    prefix: string,
  ): void {
    for (let start = 0; start < payload.length; ) {
      const newline = payload.indexOf(NEWLINE, start);
      const end = newline < 0 ? payload.length : newline + 1;
      const isBeginning = start > 0 || !continues;
      if (isBeginning) {
        this.#isDropping[stream] = this.#skip > 0;
        if (this.#skip > 0) this.#skip -= 1;
      }
      if (isWanted && !this.#isDropping[stream])
        this.#put(stream === "stdout", isBeginning ? prefix : "", payload.subarray(start, end));
      start = end;
    }
  }

  #prefix(bytes: Buffer, at: number): string {
    const time = this.#options.timestamps ? `${formatNanos(readRecordNanos(bytes, at))} ` : "";
    return time + this.#details;
  }

  #put(isStdout: boolean, prefix: string, text: Buffer): void {
    const { framed } = this.#options;
    const prefixBytes = prefix === "" ? 0 : Buffer.byteLength(prefix);
    this.#makeRoom(FRAME_HEAD_BYTES + prefixBytes + text.length);
    if (framed) {
      this.#output.writeUInt32BE((isStdout ? STREAM.stdout : STREAM.stderr) << 24, this.#length);
      this.#output.writeUInt32BE(prefixBytes + text.length, this.#length + 4);
      this.#length += FRAME_HEAD_BYTES;
    }
    if (prefixBytes > 0) this.#length += this.#output.write(prefix, this.#length);
    this.#output.set(text, this.#length);
    this.#length += text.length;
  }

  #makeRoom(size: number): void {
    if (this.#length + size <= this.#output.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(this.#output.length * 2, this.#length + size));
    larger.set(this.#output.subarray(0, this.#length));
    this.#output = larger;
  }
}

import { FRAME_HEAD_BYTES, STREAM } from "#spec/std-copy.ts";
import { formatNanos, parseNanos } from "../times.ts";
import { detailsText } from "./details.ts";
import type { DecodeOptions, EntryDecoder } from "./types.ts";
import { Unescaper } from "./unescape.ts";

/** Payload up to which a frame takes further entries: what readers take at once. */
const MERGED_FRAME_BYTES = 32 * 1024;
const NEWLINE = 10;
/** How every line of ours and of Docker begins. */
const LINE_START = Buffer.from('{"log":"');
/** Behind the closing quote of the text: `,"stream":"std` and then "out" or "err". */
const STREAM_LETTER_OFFSET = 15;
const STREAM_LETTER_O = 0x6f;
const STREAM_HEAD = Buffer.from('","stream":"std');
const EMPTY_TIME = Buffer.from("0000-00-00T00:00:00.000000000Z");
const WHOLE_SECONDS_BYTES = "0000-00-00T00:00:00".length;
const EARLIEST = "0".repeat(EMPTY_TIME.length);
const LATEST = "~".repeat(EMPTY_TIME.length);
/** How a line ends whose time is in UTC. */
const TIME_END = Buffer.from('Z"}');
const QUOTE = 0x22;
const SPACE = 0x20;
const Z = 0x5a;

/**
 * Turns a json-file log into what clients read: frames, or bare bytes. Takes chunks of any size.
 *
 * A line in the usual form (`{"log":"…","stream":"…","time":"…"}`) is decoded in place, byte by byte; one with its
 * fields in another order goes through JSON.parse, and one that is no JSON (torn by a crash) is left out.
 */
export class LogDecoder implements EntryDecoder {
  readonly #options: DecodeOptions;
  readonly #unescaper = new Unescaper();
  readonly #needsTime: boolean;
  readonly #since: Uint8Array;
  readonly #until: Uint8Array;
  /** The current entry's, with all its digits. */
  readonly #time = new Uint8Array(EMPTY_TIME.length);
  #carry: Uint8Array = new Uint8Array(0);
  #output = Buffer.alloc(0);
  #length = 0;
  /** The last frame in the output that may take more: where its head is, and whose it is. */
  #openFrame: { readonly at: number; readonly isStdout: boolean } | undefined;
  #isPastUntil = false;
  #skip = 0;

  constructor(options: DecodeOptions) {
    this.#options = options;
    this.#needsTime = options.timestamps || options.since !== undefined || options.until !== undefined;
    this.#since = Buffer.from(options.since === undefined ? EARLIEST : formatNanos(options.since));
    this.#until = Buffer.from(options.until === undefined ? LATEST : formatNanos(options.until));
  }

  /** An entry younger than `until` was seen: the rest of the log is younger still. */
  get isPastUntil(): boolean {
    return this.#isPastUntil;
  }

  /** @returns fresh memory, empty where the chunk completed no wanted line */
  push(chunk: Uint8Array): Uint8Array {
    const input = Buffer.concat([this.#carry, chunk]);
    const end = input.lastIndexOf(NEWLINE) + 1;
    this.#carry = input.subarray(end);
    // What is left out of a line is longer than what is added; only details grow, by percent-encoding.
    this.#output = Buffer.allocUnsafeSlow(this.#options.details ? end * 3 : end);
    this.#length = 0;
    this.#openFrame = undefined;
    for (let start = 0; start < end && !this.#isPastUntil; ) {
      const stop = input.indexOf(NEWLINE, start);
      if (this.#skip > 0) this.#skip -= 1;
      else this.#decodeLine(input, start, stop);
      start = stop + 1;
    }
    return this.#output.subarray(0, this.#length);
  }

  /** Forgets half a line: what follows comes from another file. */
  reset(): void {
    this.#carry = new Uint8Array(0);
  }

  skipLines(count: number): void {
    this.#skip = count;
  }

  #decodeLine(input: Buffer, start: number, stop: number): void {
    if (
      !this.#options.details &&
      matchesAt(input, start, LINE_START) &&
      this.#decodeUsual(input, start, stop)
    )
      return;
    this.#decodeAny(input.toString("utf8", start, stop));
  }

  /** @returns false when the line turns out to be unusual after all; nothing was written then */
  #decodeUsual(input: Buffer, start: number, stop: number): boolean {
    const textStart = this.#length + this.#headBytes;
    const textEnd = this.#unescaper.copy(input, start + LINE_START.length, stop, this.#output, textStart);
    const quote = this.#unescaper.inputEnd;
    if (quote < 0 || !matchesAt(input, quote, STREAM_HEAD)) return false;
    const isStdout = input[quote + STREAM_LETTER_OFFSET] === STREAM_LETTER_O;
    if (!(isStdout ? this.#options.stdout : this.#options.stderr)) return true;
    if (this.#needsTime && !this.#readTime(input, stop)) return false;
    if (!this.#isInTime()) return true;
    this.#finishEntry(isStdout, textEnd);
    return true;
  }

  #decodeAny(line: string): void {
    const entry = parseEntry(line);
    if (!entry) return;
    const isStdout = entry.stream !== "stderr";
    if (!(isStdout ? this.#options.stdout : this.#options.stderr)) return;
    this.#time.set(Buffer.from(formatNanos(parseNanos(entry.time) ?? 0n)));
    if (!this.#isInTime()) return;
    const details = this.#options.details ? `${detailsText(entry.attrs)} ` : "";
    const textStart = this.#length + this.#headBytes;
    this.#finishEntry(isStdout, textStart + this.#output.write(details + entry.log, textStart));
  }

  /**
   * The time ends the line; its trailing zeros may be left out, so it is written over a time that has them.
   * @returns false when it is not in UTC
   */
  #readTime(input: Buffer, stop: number): boolean {
    const end = stop - TIME_END.length;
    if (input[end] !== Z) return false;
    let start = end;
    while (input[start - 1] !== QUOTE && end - start < EMPTY_TIME.length) start -= 1;
    if (end - start < WHOLE_SECONDS_BYTES) return false;
    this.#time.set(EMPTY_TIME);
    for (let i = 0; i < end - start; i++) this.#time[i] = input[start + i]!;
    return true;
  }

  get #headBytes(): number {
    return (
      (this.#options.framed ? FRAME_HEAD_BYTES : 0) + (this.#options.timestamps ? EMPTY_TIME.length + 1 : 0)
    );
  }

  #isInTime(): boolean {
    if (!this.#needsTime) return true;
    if (compareBytes(this.#time, this.#until) > 0) this.#isPastUntil = true;
    return !this.#isPastUntil && compareBytes(this.#time, this.#since) >= 0;
  }

  /** Writes what stands before the text, which is in place already, and counts the entry as written. */
  #finishEntry(isStdout: boolean, textEnd: number): void {
    const start = this.#length;
    const payload = this.#options.framed ? start + FRAME_HEAD_BYTES : start;
    if (this.#options.timestamps) {
      this.#output.set(this.#time, payload);
      this.#output[payload + this.#time.length] = SPACE;
    }
    this.#length = this.#options.framed ? this.#frame(start, isStdout, textEnd) : textEnd;
  }

  /** @returns where the output ends: the payload moves up where an open frame takes it */
  #frame(start: number, isStdout: boolean, end: number): number {
    const open = this.#openFrame;
    if (open?.isStdout === isStdout && end - open.at <= MERGED_FRAME_BYTES) {
      this.#output.copyWithin(start, start + FRAME_HEAD_BYTES, end);
      const mergedEnd = end - FRAME_HEAD_BYTES;
      this.#output.writeUInt32BE(mergedEnd - open.at - FRAME_HEAD_BYTES, open.at + 4);
      return mergedEnd;
    }
    this.#output.writeUInt32BE((isStdout ? STREAM.stdout : STREAM.stderr) << 24, start);
    this.#output.writeUInt32BE(end - start - FRAME_HEAD_BYTES, start + 4);
    if (this.#options.mergeFrames) this.#openFrame = { at: start, isStdout };
    return end;
  }
}

/** Below 0, 0 or above 0, as `a` sorts before, equal or behind `b`; both have the same length. */
function compareBytes(a: Uint8Array, b: Uint8Array): number {
  for (let i = 0; i < b.length; i++) {
    const difference = a[i]! - b[i]!;
    if (difference !== 0) return difference;
  }
  return 0;
}

function matchesAt(input: Buffer, at: number, expected: Buffer): boolean {
  for (let i = 0; i < expected.length; i++) if (input[at + i] !== expected[i]) return false;
  return true;
}

interface Entry {
  readonly log: string;
  readonly stream: string;
  readonly time: string;
  readonly attrs: Readonly<Record<string, string>>;
}

function parseEntry(line: string): Entry | undefined {
  try {
    const { log, stream = "stdout", time, attrs = {} } = JSON.parse(line);
    return typeof log === "string" && typeof time === "string" ? { log, stream, time, attrs } : undefined;
  } catch {
    return undefined;
  }
}

import type { LogLine } from "../drivers/types.ts";
import { RECORD_HEAD_BYTES, type RecordHead, readRecordNanos } from "../local-records.ts";

/** Docker's limit for one message; longer lines are sent in parts. */
const MESSAGE_BYTES_MAX = 16 * 1024;
const NEWLINE = 10;

interface OpenLine {
  pieces: Buffer[];
  bytes: number;
  nanos: bigint;
  /** Where the record is that it begins in. */
  position: number;
  parts: { readonly id: string; next: number } | undefined;
}

/** Makes lines of records. What a line begins with is held until its end, or 16 KiB of it, have come. */
export class LineAssembler {
  readonly #open: Record<LogLine["stream"], OpenLine | undefined> = { stdout: undefined, stderr: undefined };

  /** @param position of the record in the container's whole log */
  push(bytes: Buffer, at: number, head: RecordHead, position: number): LogLine[] {
    const stream = head.isStdout ? "stdout" : "stderr";
    const nanos = readRecordNanos(bytes, at);
    const begin = at + RECORD_HEAD_BYTES;
    const end = begin + head.payloadBytes;
    const lines: LogLine[] = [];
    if (!head.continues) lines.push(...this.#finish(stream)); // a process of an earlier run left it
    for (let start = begin; start < end; ) {
      const newline = bytes.subarray(start, end).indexOf(NEWLINE);
      const stop = newline < 0 ? end : start + newline;
      this.#add(lines, stream, bytes.subarray(start, stop), nanos, position);
      if (newline >= 0) lines.push(...this.#finish(stream));
      start = stop + 1;
    }
    return lines;
  }

  /** The process has ended: what it left without a newline. */
  flush(): LogLine[] {
    return [...this.#finish("stdout"), ...this.#finish("stderr")];
  }

  /** From here on nothing is lost when everything before is sent: `end`, or where an unfinished line begins. */
  safePosition(end: number): number {
    return Math.min(end, this.#open.stdout?.position ?? end, this.#open.stderr?.position ?? end);
  }

  #add(lines: LogLine[], stream: LogLine["stream"], text: Buffer, nanos: bigint, position: number): void {
    this.#open[stream] ??= { pieces: [], bytes: 0, nanos, position, parts: undefined };
    const line = this.#open[stream];
    let rest = text;
    while (line.bytes + rest.length > MESSAGE_BYTES_MAX) {
      const piece = rest.subarray(0, MESSAGE_BYTES_MAX - line.bytes);
      line.pieces.push(Buffer.from(piece));
      rest = rest.subarray(piece.length);
      line.parts ??= { id: Bun.randomUUIDv7("hex").replaceAll("-", ""), next: 1 };
      lines.push(this.#part(stream, line, false));
      line.position = position; // its beginning is handed out
    }
    if (rest.length > 0) line.pieces.push(Buffer.from(rest));
    line.bytes += rest.length;
  }

  #part(stream: LogLine["stream"], line: OpenLine, last: boolean): LogLine {
    const text = line.pieces.length === 1 ? line.pieces[0]! : Buffer.concat(line.pieces);
    const partial = line.parts && { id: line.parts.id, ordinal: line.parts.next++, last };
    line.pieces = [];
    line.bytes = 0;
    return { stream, nanos: line.nanos, text, partial };
  }

  #finish(stream: LogLine["stream"]): LogLine[] {
    const line = this.#open[stream];
    this.#open[stream] = undefined;
    return line ? [this.#part(stream, line, true)] : [];
  }
}

/** What containers write, as whole lines. */
import type { Channel } from "#client/types.ts";
import { FrameDecoder, STREAM } from "#spec/std-copy.ts";

/** Where lines go; slow ones slow the container's stream down. */
export interface LogSink {
  /** @param source the container's short name */
  line(source: string, text: string, isError: boolean): Promise<void>;
  /** Something that happened to it: "exited with code 1". */
  status(source: string, text: string): Promise<void>;
}

/** A line longer than this is handed on in pieces. */
const MAX_LINE_BYTES = 64 * 1024;
const LINE_FEED = 0x0a;

/** Collects bytes until a line is whole. */
class LineBuffer {
  #parts: Uint8Array[] = [];
  #size = 0;

  /** The lines that are complete now. The bytes may be views of memory that is used again: they are copied. */
  push(data: Uint8Array): string[] {
    const lines: string[] = [];
    for (let at = 0; at < data.byteLength; ) {
      const end = data.indexOf(LINE_FEED, at);
      const piece = data.subarray(at, end < 0 ? data.byteLength : end);
      this.#parts.push(piece.slice());
      this.#size += piece.byteLength;
      if (end < 0 && this.#size < MAX_LINE_BYTES) break;
      lines.push(this.take());
      if (end < 0) break;
      at = end + 1;
    }
    return lines;
  }

  get isEmpty(): boolean {
    return this.#size === 0;
  }

  take(): string {
    const text = new TextDecoder().decode(Buffer.concat(this.#parts));
    this.#parts = [];
    this.#size = 0;
    return text.endsWith("\r") ? text.slice(0, -1) : text;
  }
}

export interface LineOptions {
  /** The container's short name. */
  readonly source: string;
  /** It has a terminal: its output is raw. */
  readonly isRaw: boolean;
  readonly sink: LogSink;
}

/** Hands on what comes until the stream ends; the rest of an unfinished line too. */
export async function pumpLines(pieces: AsyncIterable<Uint8Array>, options: LineOptions): Promise<void> {
  const { source, isRaw, sink } = options;
  const buffers = { out: new LineBuffer(), err: new LineBuffer() };
  const decoder = new FrameDecoder();
  for await (const piece of pieces) {
    const parts = isRaw ? [{ stream: STREAM.stdout, data: piece }] : decoder.push(piece);
    for (const { stream, data } of parts) {
      const isError = stream === STREAM.stderr;
      for (const line of (isError ? buffers.err : buffers.out).push(data))
        await sink.line(source, line, isError);
    }
  }
  for (const [name, buffer] of Object.entries(buffers))
    if (!buffer.isEmpty) await sink.line(source, buffer.take(), name === "err");
}

/** What comes over an attached connection. */
export async function* channelPieces(channel: Channel): AsyncGenerator<Uint8Array> {
  try {
    for (let chunk = await channel.read(); chunk; chunk = await channel.read()) yield chunk;
  } finally {
    channel.close();
  }
}

import { textOf } from "./bytes.ts";
import type { ResponseHead } from "./http-head.ts";

const MAX_CHUNK_LINE_BYTES = 16 << 10;

/** Takes the bytes that follow a response head and gives out the body; what comes after the body is `rest`. */
export interface BodyDecoder {
  /** Pieces are views of `chunk`. */
  push(chunk: Uint8Array): readonly Uint8Array[];
  readonly done: boolean;
  /** Bytes after the body, once `done`. */
  readonly rest: Uint8Array;
  /** Whether the end of the connection is a proper end of this body. */
  readonly endsWithConnection: boolean;
}

const NOTHING = new Uint8Array(0);

/** The decoder that RFC 9112, section 6.3 prescribes for this answer. */
export function bodyDecoderFor(method: string, { status, headers }: ResponseHead): BodyDecoder {
  if (method === "HEAD" || status === 204 || status === 304) return new LengthDecoder(0);
  if (/\bchunked\b/i.test(headers["transfer-encoding"] ?? "")) return new ChunkedDecoder();
  const length = headers["content-length"];
  if (length === undefined) return new UntilCloseDecoder();
  if (!/^\d+$/.test(length)) throw new Error(`invalid Content-Length ${JSON.stringify(length)}`);
  return new LengthDecoder(Number(length));
}

class LengthDecoder implements BodyDecoder {
  readonly endsWithConnection = false;
  rest: Uint8Array = NOTHING;
  #left: number;

  constructor(length: number) {
    this.#left = length;
  }

  get done(): boolean {
    return this.#left === 0;
  }

  push(chunk: Uint8Array): readonly Uint8Array[] {
    const size = Math.min(this.#left, chunk.byteLength);
    this.#left -= size;
    if (this.done) this.rest = chunk.subarray(size);
    return size > 0 ? [size === chunk.byteLength ? chunk : chunk.subarray(0, size)] : [];
  }
}

class UntilCloseDecoder implements BodyDecoder {
  readonly endsWithConnection = true;
  readonly done = false;
  readonly rest = NOTHING;

  push(chunk: Uint8Array): readonly Uint8Array[] {
    return [chunk];
  }
}

type ChunkedState = "size" | "data" | "dataEnd" | "trailer" | "done";

class ChunkedDecoder implements BodyDecoder {
  readonly endsWithConnection = false;
  rest: Uint8Array = NOTHING;
  #state: ChunkedState = "size";
  #left = 0;
  #line = "";

  get done(): boolean {
    return this.#state === "done";
  }

  push(chunk: Uint8Array): readonly Uint8Array[] {
    const pieces: Uint8Array[] = [];
    for (let at = 0; at < chunk.byteLength && !this.done; ) {
      if (this.#state === "data") {
        const size = Math.min(this.#left, chunk.byteLength - at);
        pieces.push(chunk.subarray(at, at + size));
        at += size;
        this.#left -= size;
        if (this.#left === 0) this.#state = "dataEnd";
      } else {
        at = this.#takeLine(chunk, at);
        if (this.done) this.rest = chunk.subarray(at);
      }
    }
    return pieces;
  }

  /** Collects up to a line feed and acts on a complete line; returns where to go on. */
  #takeLine(chunk: Uint8Array, at: number): number {
    const lineFeed = chunk.indexOf(0x0a, at);
    const end = lineFeed < 0 ? chunk.byteLength : lineFeed;
    this.#line += textOf(chunk.subarray(at, end));
    if (this.#line.length > MAX_CHUNK_LINE_BYTES) throw new Error("invalid chunk: line too long");
    if (lineFeed < 0) return end;
    const line = this.#line.replace(/\r$/, "");
    this.#line = "";
    this.#actOn(line);
    return lineFeed + 1;
  }

  #actOn(line: string): void {
    switch (this.#state) {
      case "dataEnd":
        if (line !== "") throw new Error("invalid chunk: data longer than its size");
        this.#state = "size";
        break;
      case "size": {
        const size = /^[0-9a-f]+/i.exec(line);
        if (!size) throw new Error(`invalid chunk size ${JSON.stringify(line)}`);
        this.#left = Number.parseInt(size[0], 16);
        this.#state = this.#left === 0 ? "trailer" : "data";
        break;
      }
      case "trailer":
        if (line === "") this.#state = "done";
        break;
    }
  }
}

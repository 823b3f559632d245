/** The chunked transfer coding of HTTP/1.1, read strictly. @see RFC 9112, section 7.1 */
import { InvalidArgument } from "./errors.ts";

const CHUNK_LINE = /^([0-9a-f]{1,12})(?:[ \t]*;.*)?\r\n$/i;
/** Bounds of one line and of the fields after the last chunk. */
export const MAX_CHUNK_LINE_BYTES = 4096;
export const MAX_TRAILER_FIELDS = 100;

/** @param line with its end @returns bytes of the chunk that it begins; undefined for what is no such line */
export function parseChunkLine(line: string): number | undefined {
  const size = CHUNK_LINE.exec(line);
  return size ? Number.parseInt(size[1]!, 16) : undefined;
}

/** Where in a request's body its connection is. */
export interface BodyPosition {
  readonly isChunked: boolean;
  /** Bytes to come: of the chunk under way, where there are chunks, else of the whole. */
  readonly leftBytes: number;
}

const LINE_FEED = 10;

/** Takes a body out of what a connection brings, in pieces of any size. */
export class BodyDecoder {
  readonly #isChunked: boolean;
  #left: number;
  #expects: "data" | "end of chunk" | "size" | "trailer" | "nothing";
  /** The beginning of a line whose end has not come yet. */
  #line = "";
  #trailerFields = 0;

  constructor({ isChunked, leftBytes }: BodyPosition) {
    this.#isChunked = isChunked;
    this.#left = leftBytes;
    this.#expects = leftBytes > 0 ? "data" : isChunked ? "size" : "nothing";
  }

  get isDone(): boolean {
    return this.#expects === "nothing";
  }

  /**
   * Moves the body's own bytes among the first `length` of `buffer` to its beginning.
   * @returns how many they are; and how many of `length` belong to the body, all unless it is done
   * @throws InvalidArgument for broken chunks
   */
  decode(buffer: Uint8Array, length: number): { readonly bytes: number; readonly used: number } {
    let bytes = 0;
    let used = 0;
    while (used < length && !this.isDone) {
      if (this.#expects !== "data") {
        used = this.#readLine(buffer, used, length);
        continue;
      }
      const count = Math.min(this.#left, length - used);
      if (used !== bytes) buffer.copyWithin(bytes, used, used + count);
      bytes += count;
      used += count;
      this.#left -= count;
      if (this.#left === 0) this.#expects = this.#isChunked ? "end of chunk" : "nothing";
    }
    return { bytes, used };
  }

  /** @returns where it ends, or `length` where the rest is still to come */
  #readLine(buffer: Uint8Array, from: number, length: number): number {
    const end = buffer.subarray(from, length).indexOf(LINE_FEED);
    const to = end < 0 ? length : from + end + 1;
    if (this.#line.length + to - from > MAX_CHUNK_LINE_BYTES) throw malformed();
    this.#line += Buffer.from(buffer.buffer, buffer.byteOffset + from, to - from).toString("latin1");
    if (end < 0) return to;
    this.#understand(this.#line);
    this.#line = "";
    return to;
  }

  #understand(line: string): void {
    if (this.#expects === "size") {
      const size = parseChunkLine(line);
      if (size === undefined) throw new InvalidArgument("malformed chunk size");
      this.#left = size;
      this.#expects = size > 0 ? "data" : "trailer";
    } else if (this.#expects === "end of chunk") {
      if (line !== "\r\n") throw malformed();
      this.#expects = "size";
    } else if (line === "\r\n") this.#expects = "nothing";
    else if (++this.#trailerFields > MAX_TRAILER_FIELDS) throw new InvalidArgument("too many trailer fields");
  }
}

function malformed(): InvalidArgument {
  return new InvalidArgument("malformed chunk");
}

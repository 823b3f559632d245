import type { ConnectionSource, HandedOver } from "#base/connection-source.ts";
import { InvalidArgument } from "#base/errors.ts";
import { MAX_CHUNK_LINE_BYTES, MAX_TRAILER_FIELDS, parseChunkLine } from "#base/http-chunks.ts";
import { type ByteReader, LimitExceeded } from "./byte-reader.ts";
import { type BodyFraming, ProtocolError } from "./head.ts";

const CRLF = Buffer.from("\r\n");

/** The body of one request, read as far as its consumer wants and never ahead of it. */
export class RequestBody implements ConnectionSource {
  /** As the client declared it; undefined when it comes in chunks. */
  readonly declaredBytes: number | undefined;
  readonly #reader: ByteReader;
  readonly #isChunked: boolean;
  /** Read already, for somebody who only looks. */
  #peeked: Uint8Array | undefined;
  #beforeFirstRead: (() => void) | undefined;
  /** Bytes left of the body, or of the chunk that is being read. */
  #left: number;
  #isDone: boolean;
  /** Somebody else reads it. */
  #isAway = false;

  /** @param beforeFirstRead sends "100 Continue" where the client waits for it */
  constructor(reader: ByteReader, framing: BodyFraming, beforeFirstRead?: () => void) {
    this.#reader = reader;
    this.#isChunked = framing.kind === "chunked";
    this.#left = framing.kind === "length" ? framing.bytes : 0;
    this.#isDone = framing.kind === "none";
    this.#beforeFirstRead = beforeFirstRead;
    this.declaredBytes = this.#isChunked ? undefined : this.#left;
  }

  get isDone(): boolean {
    return this.#isDone || (!this.#isChunked && this.#left === 0);
  }

  get fd(): number | undefined {
    return this.#reader.fd;
  }

  async handOver(): Promise<HandedOver | undefined> {
    if (this.isDone || this.#isAway || this.fd === undefined) return undefined;
    this.#begin();
    this.#isAway = true;
    return {
      position: { isChunked: this.#isChunked, leftBytes: this.#left },
      received: await this.#reader.lend(),
      giveBack: (beyond) => {
        this.#isDone = true;
        this.#reader.takeBack(beyond);
      },
    };
  }

  /**
   * The next bytes; undefined after the last.
   * @throws InvalidArgument when the client stops before the end it announced; ProtocolError for broken chunks
   */
  async read(): Promise<Uint8Array | undefined> {
    const peeked = this.#peeked;
    this.#peeked = undefined;
    if (peeked) return peeked;
    if (this.#isDone) return undefined;
    if (this.#isAway) throw new Error("somebody else reads the request body");
    this.#begin();
    if (this.#isChunked && this.#left === 0 && !(await this.#nextChunk())) return undefined;
    const bytes = await this.#reader.readSome(this.#left);
    if (!bytes) throw new InvalidArgument("the request body ends early");
    this.#left -= bytes.byteLength;
    if (this.#left === 0) {
      if (this.#isChunked) await this.#expectLineEnd();
      else this.#isDone = true;
    }
    return bytes;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array> {
    for (;;) {
      const bytes = await this.read();
      if (!bytes) return;
      yield bytes;
    }
  }

  /** All of it. @throws ProtocolError 413 when it is larger than `maxBytes` */
  async collect(maxBytes: number): Promise<Buffer> {
    const tooLarge = () => new ProtocolError(413, `request body is larger than ${maxBytes} bytes`);
    if ((this.declaredBytes ?? 0) > maxBytes) throw tooLarge();
    const chunks: Uint8Array[] = [];
    let total = 0;
    for (let bytes = await this.read(); bytes; bytes = await this.read()) {
      chunks.push(bytes);
      total += bytes.byteLength;
      if (total > maxBytes) throw tooLarge();
    }
    return Buffer.concat(chunks);
  }

  /** As `collect`, and whoever reads later gets the same bytes. */
  async peek(maxBytes: number): Promise<Buffer> {
    const bytes = await this.collect(maxBytes);
    this.#peeked = bytes.byteLength > 0 ? bytes : undefined;
    return bytes;
  }

  /**
   * Reads over what nobody wanted, so that the next request can begin.
   * @returns false when more than `maxBytes` were left or the client stopped early
   */
  async skip(maxBytes: number): Promise<boolean> {
    if (this.#isDone) return true;
    if (this.#isAway) return false; // nobody knows how far it has been read
    if (this.#beforeFirstRead || this.#left > maxBytes) return false; // the client may not even send it
    try {
      let total = 0;
      for (let bytes = await this.read(); bytes; bytes = await this.read()) {
        total += bytes.byteLength;
        if (total > maxBytes) return false;
      }
      return true;
    } catch {
      return false;
    }
  }

  #begin(): void {
    this.#beforeFirstRead?.();
    this.#beforeFirstRead = undefined;
  }

  /** Reads a chunk's size line. @returns false after the last chunk, whose trailing fields are skipped */
  async #nextChunk(): Promise<boolean> {
    const size = parseChunkLine(await this.#line());
    if (size === undefined) throw new ProtocolError(400, "malformed chunk size");
    this.#left = size;
    if (this.#left > 0) return true;
    for (let fields = 0; (await this.#line()) !== "\r\n"; fields++)
      if (fields === MAX_TRAILER_FIELDS) throw new ProtocolError(400, "too many trailer fields");
    this.#isDone = true;
    return false;
  }

  async #expectLineEnd(): Promise<void> {
    if ((await this.#line()) !== "\r\n") throw new ProtocolError(400, "malformed chunk");
  }

  async #line(): Promise<string> {
    const line = await this.#reader.readUntil(CRLF, MAX_CHUNK_LINE_BYTES).catch((error) => {
      throw error instanceof LimitExceeded ? new ProtocolError(400, "malformed chunk") : error;
    });
    if (!line) throw new InvalidArgument("the request body ends early");
    return line.toString("latin1");
  }
}

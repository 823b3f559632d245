import { setImmediate } from "node:timers/promises";
import type { InputSink, InputSource } from "./socket.ts";

/** What may wait here unread before the peer is made to wait. */
const MAX_UNREAD_BYTES = 64 * 1024;

/**
 * The bytes of one connection, pulled by one consumer.
 *
 * It listens even while nobody reads, up to a bound: that is how a peer that goes away during a long answer is noticed.
 */
export class ByteReader implements InputSink {
  readonly #source: InputSource;
  readonly #onEnd: () => void;
  #chunks: Buffer[] = [];
  #unreadBytes = 0;
  #hasEnded = false;
  #wake: (() => void) | undefined;
  /** Somebody else reads the connection. */
  #isLent = false;

  /** @param onEnd the peer will send no more, or the connection is lost; called at most once */
  constructor(source: InputSource, onEnd: () => void) {
    this.#source = source;
    this.#onEnd = onEnd;
    source.divert(this);
  }

  get isEmpty(): boolean {
    return this.#unreadBytes === 0;
  }

  /** Resolves when there is something to read. @returns false at the end */
  async waitForBytes(): Promise<boolean> {
    while (this.#unreadBytes === 0) {
      if (this.#hasEnded) return false;
      await this.#moreBytes();
    }
    return true;
  }

  /** The next bytes, at most `max` of them; undefined at the end. */
  async readSome(max: number): Promise<Buffer | undefined> {
    if (!(await this.waitForBytes())) return undefined;
    const chunk = this.#chunks[0]!;
    if (chunk.byteLength <= max) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(max);
    return this.#took(chunk.subarray(0, max));
  }

  /**
   * Everything up to and including `delimiter`.
   * @returns undefined when the connection ends before it
   * @throws LimitExceeded when it does not come within `maxBytes`
   */
  async readUntil(delimiter: Buffer, maxBytes: number): Promise<Buffer | undefined> {
    let searchedBytes = 0;
    let tail = Buffer.alloc(0); // the end of what was searched, where a delimiter may begin
    for (let next = 0; ; ) {
      for (; next < this.#chunks.length; next++) {
        const chunk = this.#chunks[next]!;
        const window = tail.byteLength === 0 ? chunk : Buffer.concat([tail, chunk]);
        const at = window.indexOf(delimiter);
        if (at >= 0) {
          const bytes = searchedBytes - tail.byteLength + at + delimiter.byteLength;
          if (bytes > maxBytes) throw new LimitExceeded(maxBytes);
          return this.#takeExactly(bytes);
        }
        searchedBytes += chunk.byteLength;
        tail = Buffer.from(window.subarray(Math.max(0, window.byteLength - delimiter.byteLength + 1)));
      }
      if (searchedBytes > maxBytes) throw new LimitExceeded(maxBytes);
      if (this.#hasEnded) return undefined;
      this.#source.resumeInput();
      await this.#moreBytes();
    }
  }

  /** Gives the connection back to its stream, with what was received but not read. */
  detach(): void {
    this.#source.restore(this.#takeAll());
  }

  /** Of the connection, where another process can read it. */
  get fd(): number | undefined {
    return this.#hasEnded ? undefined : this.#source.fd;
  }

  /** Nothing is read here until `takeBack`. @returns what has been received but not read */
  async lend(): Promise<Buffer> {
    this.#isLent = true;
    this.#source.pauseInput();
    await setImmediate(); // what is being received while we pause comes in this turn
    return this.#takeAll();
  }

  /** @param beyond what the other has read too much */
  takeBack(beyond: Uint8Array): void {
    if (this.#unreadBytes > 0) throw new Error("bytes came from a connection that somebody else reads");
    this.#isLent = false;
    if (beyond.byteLength > 0) this.receive(Buffer.from(beyond));
    if (this.#unreadBytes < MAX_UNREAD_BYTES) this.#source.resumeInput();
  }

  receive(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#unreadBytes += chunk.byteLength;
    if (this.#unreadBytes >= MAX_UNREAD_BYTES || this.#isLent) this.#source.pauseInput();
    this.#wake?.();
  }

  ended(): void {
    this.#hasEnded = true;
    this.#wake?.();
    this.#onEnd();
  }

  #takeAll(): Buffer {
    const rest = Buffer.concat(this.#chunks);
    this.#chunks = [];
    this.#unreadBytes = 0;
    return rest;
  }

  #takeExactly(bytes: number): Buffer {
    const all = this.#chunks.length === 1 ? this.#chunks[0]! : Buffer.concat(this.#chunks);
    this.#chunks = all.byteLength > bytes ? [all.subarray(bytes)] : [];
    return this.#took(all.subarray(0, bytes));
  }

  #took(bytes: Buffer): Buffer {
    this.#unreadBytes -= bytes.byteLength;
    if (this.#unreadBytes < MAX_UNREAD_BYTES) this.#source.resumeInput();
    return bytes;
  }

  async #moreBytes(): Promise<void> {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    await promise;
    this.#wake = undefined;
  }
}

export class LimitExceeded extends Error {
  override readonly name = "LimitExceeded";

  constructor(maxBytes: number) {
    super(`more than ${maxBytes} bytes`);
  }
}

import { InvalidArgument } from "#base/errors.ts";
import { BodyDecoder, type BodyPosition } from "#base/http-chunks.ts";
import { receive } from "#kernel/files/receive.ts";

const BUFFER_BYTES = 1 << 20;

/** An archive read from the client's own connection. Its chunks are valid until the next is asked for. */
export class HandedArchive {
  readonly #fd: number;
  readonly #decoder: BodyDecoder;
  #received: Uint8Array | undefined;
  #buffer: Uint8Array | undefined;
  /** What was read behind the archive: another request. */
  beyond: Uint8Array = new Uint8Array();

  /** @param received what came before, undecoded; it is written to */
  constructor(fd: number, position: BodyPosition, received: Uint8Array) {
    this.#fd = fd;
    this.#decoder = new BodyDecoder(position);
    this.#received = received;
  }

  /** @returns undefined at the end @throws InvalidArgument when the client stops before the end it announced */
  next(): Uint8Array | undefined {
    while (!this.#decoder.isDone) {
      const { buffer, length } = this.#receive();
      const { bytes, used } = this.#decoder.decode(buffer, length);
      if (this.#decoder.isDone) this.beyond = buffer.slice(used, length);
      if (bytes > 0) return buffer.subarray(0, bytes);
    }
    return undefined;
  }

  #receive(): { readonly buffer: Uint8Array; readonly length: number } {
    const buffer = this.#received;
    this.#received = undefined;
    if (buffer && buffer.byteLength > 0) return { buffer, length: buffer.byteLength };
    this.#buffer ??= new Uint8Array(BUFFER_BYTES);
    const length = receive(this.#fd, this.#buffer);
    if (length === 0) throw new InvalidArgument("the request body ends early");
    return { buffer: this.#buffer, length };
  }
}

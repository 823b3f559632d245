import { InvalidArgument } from "./errors.ts";

/** Reads a binary structure from its beginning; every read is checked against the end. */
export class ByteReader {
  readonly #view: DataView;
  readonly #littleEndian: boolean;
  offset = 0;

  /** @param what names the structure in errors */
  constructor(
    readonly bytes: Uint8Array,
    readonly what: string,
    options: { readonly littleEndian?: boolean } = {},
  ) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#littleEndian = options.littleEndian ?? false;
  }

  get remaining(): number {
    return this.bytes.byteLength - this.offset;
  }

  u8(): number {
    return this.#view.getUint8(this.#take(1));
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), this.#littleEndian);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), this.#littleEndian);
  }

  i32(): number {
    return this.#view.getInt32(this.#take(4), this.#littleEndian);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), this.#littleEndian);
  }

  /** A view, not a copy. */
  take(length: number): Uint8Array {
    const start = this.#take(length);
    return this.bytes.subarray(start, start + length);
  }

  skip(length: number): void {
    this.#take(length);
  }

  /** @throws InvalidArgument when fewer bytes are left: never reads beyond the structure */
  #take(length: number): number {
    if (length < 0 || length > this.remaining)
      throw new InvalidArgument(
        `${this.what}: ${length} bytes wanted at offset ${this.offset}, ${this.remaining} left`,
      );
    const start = this.offset;
    this.offset += length;
    return start;
  }
}

/** Builds a binary structure of at most `maxBytes`; grows by doubling. */
export class ByteWriter {
  #bytes: Uint8Array<ArrayBuffer>;
  #view: DataView;
  readonly #littleEndian: boolean;
  readonly #maxBytes: number;
  length = 0;

  constructor(options: { readonly littleEndian?: boolean; readonly maxBytes?: number } = {}) {
    this.#littleEndian = options.littleEndian ?? false;
    this.#maxBytes = options.maxBytes ?? 1 << 20;
    this.#bytes = new Uint8Array(Math.min(256, this.#maxBytes));
    this.#view = new DataView(this.#bytes.buffer);
  }

  u8(value: number): this {
    const at = this.#grow(1);
    this.#view.setUint8(at, value);
    return this;
  }

  u16(value: number): this {
    const at = this.#grow(2);
    this.#view.setUint16(at, value, this.#littleEndian);
    return this;
  }

  u32(value: number): this {
    const at = this.#grow(4);
    this.#view.setUint32(at, value, this.#littleEndian);
    return this;
  }

  u64(value: bigint): this {
    const at = this.#grow(8);
    this.#view.setBigUint64(at, value, this.#littleEndian);
    return this;
  }

  bytes(chunk: Uint8Array): this {
    const at = this.#grow(chunk.byteLength);
    this.#bytes.set(chunk, at);
    return this;
  }

  zeros(count: number): this {
    this.#grow(count);
    return this;
  }

  /** Overwrites a number written before, such as a length known only at the end. */
  setU16(at: number, value: number): void {
    this.#view.setUint16(at, value, this.#littleEndian);
  }

  setU32(at: number, value: number): void {
    this.#view.setUint32(at, value, this.#littleEndian);
  }

  /** What was written so far, copied. */
  finish(): Uint8Array<ArrayBuffer> {
    return this.#bytes.slice(0, this.length);
  }

  /** @throws InvalidArgument when the structure would become larger than `maxBytes` */
  #grow(count: number): number {
    const at = this.length;
    const needed = at + count;
    if (needed > this.#maxBytes)
      throw new InvalidArgument(`structure of ${needed} bytes: at most ${this.#maxBytes} are allowed`);
    if (needed > this.#bytes.byteLength) {
      const bigger = new Uint8Array(Math.min(this.#maxBytes, Math.max(needed, this.#bytes.byteLength * 2)));
      bigger.set(this.#bytes.subarray(0, at));
      this.#bytes = bigger;
      this.#view = new DataView(bigger.buffer);
    }
    this.length = needed;
    return at;
  }
}

/** What a CBOR document may hold here: no floating point numbers, and maps with numbers and texts as keys. */
export type CborValue =
  | number
  | string
  | boolean
  | null
  | Uint8Array
  | readonly CborValue[]
  | ReadonlyMap<number | string, CborValue>
  | CborTagged;

export class CborTagged {
  constructor(
    readonly tag: number,
    readonly value: CborValue,
  ) {}
}

const MAX_DEPTH = 16;

/**
 * Pure: reads one document, all of it, in the strict form that signatures are written in: definite lengths and no key
 * twice, so that nobody can read it differently.
 * @throws Error naming the place and the reason
 * @see RFC 8949, 4.2 and 5.6
 */
export function decodeCbor(bytes: Uint8Array): CborValue {
  const reader = new Reader(bytes);
  const value = reader.value(0);
  if (reader.at !== bytes.byteLength) throw new Error(`CBOR: ${bytes.byteLength - reader.at} bytes too many`);
  return value;
}

/** Pure: a byte string or text with its length in front. @param major 2 for bytes, 3 for text */
export function encodeCborString(major: 2 | 3, bytes: Uint8Array): Uint8Array {
  const { byteLength: length } = bytes;
  const kind = major << 5;
  if (length < 24) return Buffer.concat([Buffer.of(kind | length), bytes]);
  if (length < 0x100) return Buffer.concat([Buffer.of(kind | 24, length), bytes]);
  const head = Buffer.alloc(5);
  head[0] = kind | (length < 0x10000 ? 25 : 26);
  if (length < 0x10000) head.writeUInt16BE(length, 1);
  else head.writeUInt32BE(length, 1);
  return Buffer.concat([head.subarray(0, length < 0x10000 ? 3 : 5), bytes]);
}

class Reader {
  at = 0;
  readonly #bytes: Uint8Array;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  value(depth: number): CborValue {
    if (depth > MAX_DEPTH) throw this.#broken("too many things within each other");
    const first = this.#take(1)[0]!;
    const major = first >> 5;
    if (major === 7) return this.#simple(first & 31);
    const argument = this.#argument(first & 31);
    switch (major) {
      case 0:
        return argument;
      case 1:
        return -1 - argument;
      case 2:
        return this.#take(argument);
      case 3:
        return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(this.#take(argument));
      case 4:
        return this.#list(argument, depth);
      case 5:
        return this.#map(argument, depth);
      default:
        return new CborTagged(argument, this.value(depth + 1));
    }
  }

  #simple(kind: number): CborValue {
    if (kind === 20 || kind === 21) return kind === 21;
    if (kind === 22) return null;
    throw this.#broken(`a value of the kind ${kind}, which is not supported`);
  }

  #argument(kind: number): number {
    if (kind < 24) return kind;
    const width = ({ 24: 1, 25: 2, 26: 4, 27: 8 } as Record<number, number>)[kind];
    if (width === undefined) throw this.#broken("a length that is not said at once");
    const { at } = this;
    this.#take(width);
    if (width === 1) return this.#view.getUint8(at);
    if (width === 2) return this.#view.getUint16(at);
    if (width === 4) return this.#view.getUint32(at);
    const number = this.#view.getBigUint64(at);
    if (number > Number.MAX_SAFE_INTEGER) throw this.#broken("a number that is too large");
    return Number(number);
  }

  /** Each element takes a byte at least: a list cannot be longer than what is left. */
  #list(length: number, depth: number): readonly CborValue[] {
    if (length > this.#bytes.byteLength - this.at) throw this.#broken("it ends within a list");
    return Array.from({ length }, () => this.value(depth + 1));
  }

  #map(length: number, depth: number): ReadonlyMap<number | string, CborValue> {
    const map = new Map<number | string, CborValue>();
    for (let left = length; left > 0; left--) {
      const key = this.value(depth + 1);
      if (typeof key !== "number" && typeof key !== "string")
        throw this.#broken("a key that is neither number nor text");
      if (map.has(key)) throw this.#broken(`the key ${JSON.stringify(key)} twice`);
      map.set(key, this.value(depth + 1));
    }
    return map;
  }

  #take(length: number): Uint8Array {
    if (length > this.#bytes.byteLength - this.at) throw this.#broken("it ends too early");
    this.at += length;
    return this.#bytes.subarray(this.at - length, this.at);
  }

  #broken(reason: string): Error {
    return new Error(`CBOR, byte ${this.at}: ${reason}`);
  }
}

/** As much of MessagePack as the forward protocol needs. @see https://github.com/msgpack/msgpack/blob/master/spec.md */

export type Packable =
  | string
  | number
  | Buffer
  | EventTime
  | readonly Packable[]
  | { readonly [key: string]: Packable };

/** Fluentd's extension type 0: seconds and nanoseconds. */
export class EventTime {
  constructor(readonly nanos: bigint) {}
}

/** @param value Buffers become text: they are what a container wrote */
export function pack(value: Packable): Buffer {
  const parts: Buffer[] = [];
  packInto(parts, value);
  return Buffer.concat(parts);
}

function packInto(parts: Buffer[], value: Packable): void {
  if (typeof value === "number") parts.push(packWhole(value));
  else if (typeof value === "string") packText(parts, Buffer.from(value));
  else if (Buffer.isBuffer(value)) packText(parts, value);
  else if (value instanceof EventTime) parts.push(packTime(value));
  else if (Array.isArray(value)) {
    parts.push(head(value.length, 0x90, 0xdc));
    for (const item of value) packInto(parts, item);
  } else {
    const entries = Object.entries(value);
    parts.push(head(entries.length, 0x80, 0xde));
    for (const [key, item] of entries) {
      packInto(parts, key);
      packInto(parts, item);
    }
  }
}

/** Non-negative whole numbers below 2^53. */
function packWhole(value: number): Buffer {
  if (value < 0x80) return Buffer.from([value]);
  const bytes = Buffer.alloc(9);
  bytes[0] = 0xcf;
  bytes.writeBigUInt64BE(BigInt(value), 1);
  return bytes;
}

function packText(parts: Buffer[], bytes: Buffer): void {
  const { length } = bytes;
  if (length < 32) parts.push(Buffer.from([0xa0 | length]), bytes);
  else if (length < 0x100) parts.push(Buffer.from([0xd9, length]), bytes);
  else if (length < 0x10000) parts.push(Buffer.from([0xda, length >> 8, length & 0xff]), bytes);
  else {
    const size = Buffer.alloc(5);
    size[0] = 0xdb;
    size.writeUInt32BE(length, 1);
    parts.push(size, bytes);
  }
}

function packTime({ nanos }: EventTime): Buffer {
  const bytes = Buffer.alloc(10);
  bytes[0] = 0xd7; // eight bytes of extension type 0
  bytes.writeUInt32BE(Number(nanos / 1_000_000_000n), 2);
  bytes.writeUInt32BE(Number(nanos % 1_000_000_000n), 6);
  return bytes;
}

function head(length: number, short: number, long: number): Buffer {
  return length < 16 ? Buffer.from([short | length]) : Buffer.from([long, length >> 8, length & 0xff]);
}

import type { LogLine } from "./types.ts";

/** Kinds of fields in protocol buffers. */
const VARINT = 0;
const BYTES = 2;

/**
 * One line as log plugins read it: its length in four bytes, then a LogEntry of protocol buffers. Pure.
 * @see https://protobuf.dev/programming-guides/encoding/
 */
export function encodeEntry({ stream, nanos, text, partial }: LogLine): Buffer {
  const entry = Buffer.concat([
    ...bytesField(1, Buffer.from(stream)),
    ...varintField(2, nanos),
    ...bytesField(3, text),
    ...(partial ? [...varintField(4, 1n), ...bytesField(5, encodePartial(partial))] : []),
  ]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(entry.byteLength);
  return Buffer.concat([length, entry]);
}

function encodePartial({ id, ordinal, last }: NonNullable<LogLine["partial"]>): Buffer {
  return Buffer.concat([
    ...varintField(1, last ? 1n : 0n),
    ...bytesField(2, Buffer.from(id)),
    ...varintField(3, BigInt(ordinal)),
  ]);
}

function bytesField(number: number, bytes: Uint8Array): Uint8Array[] {
  return bytes.byteLength === 0 ? [] : [key(number, BYTES), varint(BigInt(bytes.byteLength)), bytes];
}

/** What is zero is left out: that is what absence means. */
function varintField(number: number, value: bigint): Uint8Array[] {
  return value === 0n ? [] : [key(number, VARINT), varint(value)];
}

function key(number: number, kind: number): Uint8Array {
  return varint(BigInt((number << 3) | kind));
}

/** Seven bits a byte, the lowest first; the top bit says that more come. */
function varint(value: bigint): Uint8Array {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  bytes.push(Number(rest));
  return Uint8Array.from(bytes);
}

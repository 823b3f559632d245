/**
 * The 512-byte header of a tar entry: what its fields mean and how their numbers are written.
 * @see https://pubs.opengroup.org/onlinepubs/9799919799/utilities/pax.html "ustar Interchange Format"
 * @see https://www.gnu.org/software/tar/manual/html_node/Standard.html for base-256 and GNU's types
 */
import { decodeRaw } from "./raw-text.ts";

export const BLOCK_BYTES = 512;

/** What `bytes` take in an archive: everything in it fills whole blocks. */
export function roundUpToBlock(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}

/** A time on a file, exact: a double would lose nanoseconds. */
export interface TarTime {
  /** Since 1970; may be negative. */
  readonly seconds: number;
  /** 0 to 999,999,999, counted forwards also before 1970. */
  readonly nanos: number;
}

/** "other": nothing a file system holds (volume label, continued file, vendor's own); see `typeFlag`. */
export type TarEntryType =
  | "file"
  | "hardlink"
  | "symlink"
  | "character"
  | "block"
  | "directory"
  | "fifo"
  | "other";

/** A run of data in a sparse file; what lies between the runs is zeros. */
export interface SparseRun {
  readonly offset: number;
  readonly length: number;
}

export interface TarEntry {
  /** As in the archive, "./" and a directory's trailing "/" included; bytes kept by `decodeRaw`. */
  readonly name: string;
  readonly type: TarEntryType;
  /** The type as the archive writes it: "0" to "7" and letters. */
  readonly typeFlag: string;
  /** Permission, setuid, setgid and sticky bits. */
  readonly mode: number;
  /** 0 to 4294967294: larger numbers, which the kernel would wrap or ignore, are refused. */
  readonly uid: number;
  readonly gid: number;
  /** Length of the file; with `sparse`, holes included. 0 for everything without a body. */
  readonly sizeBytes: number;
  readonly mtime: TarTime;
  /** Target of a symlink or hard link. */
  readonly linkName: string;
  readonly deviceMajor: number;
  readonly deviceMinor: number;
  readonly xattrs: ReadonlyMap<string, Uint8Array>;
  /** In order, without overlap; absent for ordinary files. */
  readonly sparse: readonly SparseRun[] | undefined;
}

export const TYPE_OF_FLAG: Readonly<Record<string, TarEntryType>> = {
  "0": "file",
  "1": "hardlink",
  "2": "symlink",
  "3": "character",
  "4": "block",
  "5": "directory",
  "6": "fifo",
  "7": "file", // contiguous
  S: "file", // GNU sparse
};

/** Largest identity Linux can give a file; one more means "leave as it is" to chown. */
export const MAX_ID = 0xffff_fffe;

/** Position and length of the header's fields. */
export const FIELD = {
  name: [0, 100],
  mode: [100, 8],
  uid: [108, 8],
  gid: [116, 8],
  size: [124, 12],
  mtime: [136, 12],
  checksum: [148, 8],
  typeFlag: [156, 1],
  linkName: [157, 100],
  magic: [257, 8],
  deviceMajor: [329, 8],
  deviceMinor: [337, 8],
  prefix: [345, 155],
} as const satisfies Record<string, readonly [number, number]>;

type Field = readonly [offset: number, length: number];

export function isZeroBlock(block: Uint8Array): boolean {
  return block[0] === 0 && block.every((byte) => byte === 0);
}

/** Whether the stored checksum is the sum of the bytes; some old programs added them as signed numbers. */
export function hasValidChecksum(block: Uint8Array): boolean {
  const stored = readNumber(block, FIELD.checksum);
  if (stored === undefined) return false;
  const { unsigned, signed } = checksums(block);
  return stored === unsigned || stored === signed;
}

export function checksums(block: Uint8Array): { readonly unsigned: number; readonly signed: number } {
  const [from, length] = FIELD.checksum;
  let unsigned = 0;
  let high = 0;
  for (let i = 0; i < BLOCK_BYTES; i++) {
    const byte = i >= from && i < from + length ? 0x20 : block[i]!;
    unsigned += byte;
    high += byte >> 7;
  }
  return { unsigned, signed: unsigned - 256 * high };
}

export function readText(block: Uint8Array, [offset, length]: Field): string {
  const end = block.indexOf(0, offset);
  return decodeRaw(block.subarray(offset, end < 0 ? offset + length : Math.min(end, offset + length)));
}

/**
 * An octal or base-256 number; an empty field is 0.
 * @returns undefined when the field holds anything else, or more than a double counts exactly
 */
export function readNumber(block: Uint8Array, [offset, length]: Field): number | undefined {
  return block[offset]! & 0x80 ? readBase256(block, offset, length) : readOctal(block, offset, length);
}

function readOctal(block: Uint8Array, offset: number, length: number): number | undefined {
  const end = offset + length;
  let at = offset;
  while (at < end && block[at] === 0x20) at++;
  let value = 0;
  for (; at < end && block[at]! >= 0x30 && block[at]! <= 0x37; at++) value = value * 8 + block[at]! - 0x30;
  const clean = at === end || block[at] === 0 || block[at] === 0x20; // what follows a terminator means nothing
  return clean ? value : undefined;
}

function readBase256(block: Uint8Array, offset: number, length: number): number | undefined {
  const negative = (block[offset]! & 0x40) !== 0;
  let value = BigInt(block[offset]! & 0x7f);
  for (let i = 1; i < length; i++) value = (value << 8n) | BigInt(block[offset + i]!);
  if (negative) value -= 1n << BigInt(length * 8 - 1);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : undefined;
}

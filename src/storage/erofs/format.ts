/**
 * The EROFS on-disk format as far as we write it: uncompressed files that lie in one piece, or in chunks with holes.
 * Everything is little-endian; addresses count blocks. Blocks are as large as those of a tar archive, so that a file's
 * bytes can stay where the archive has them.
 * @see https://docs.kernel.org/filesystems/erofs.html, fs/erofs/erofs_fs.h
 */
import { crc32c } from "./crc32c.ts";

export const BLOCK_BITS = 9;
export const BLOCK_BYTES = 1 << BLOCK_BITS;
/** Block addresses have 32 bits, and the last one means "hole". */
export const MAX_IMAGE_BYTES = 0xffff_ffff * BLOCK_BYTES;

/** Inodes are addressed in units of this size from the start of the metadata. */
export const SLOT_BYTES = 32;
export const INODE_BYTES = 64;
/** A block address that stands for zeros. */
export const HOLE = 0xffff_ffff;

const SUPER_OFFSET = 1024;
const MAGIC = 0xe0f5e1e2;
const FEATURE_COMPAT = { checksum: 1, mtime: 2 } as const;
const FEATURE_INCOMPAT = { chunkedFiles: 4 } as const;

/** Upper three bits of an inode's format: where its data is. */
export const LAYOUT = { plain: 0, inline: 2, chunked: 4 } as const;
const EXTENDED_INODE = 1;

export interface Superblock {
  readonly rootNid: number;
  readonly inodes: number;
  readonly blocks: number;
  readonly metadataBlock: number;
}

/** The image's first `BLOCK_BYTES` after offset 1024, with its checksum. */
export function encodeSuperblock(superblock: Superblock): {
  readonly offset: number;
  readonly bytes: Uint8Array;
} {
  const bytes = Buffer.alloc(BLOCK_BYTES);
  bytes.writeUInt32LE(MAGIC, 0);
  bytes.writeUInt32LE(FEATURE_COMPAT.checksum | FEATURE_COMPAT.mtime, 8);
  bytes.writeUInt8(BLOCK_BITS, 12);
  bytes.writeUInt16LE(superblock.rootNid, 14);
  bytes.writeBigUInt64LE(BigInt(superblock.inodes), 16);
  bytes.writeUInt32LE(superblock.blocks, 36);
  bytes.writeUInt32LE(superblock.metadataBlock, 40);
  bytes.writeUInt32LE(FEATURE_INCOMPAT.chunkedFiles, 80);
  // over the rest of the block the superblock is in, this field being zero
  bytes.writeUInt32LE(crc32c(bytes), 4);
  return { offset: SUPER_OFFSET, bytes };
}
/** Where image data may begin: a whole page after the superblock. */
export const DATA_OFFSET = 4096;

export interface InodeFields {
  readonly layout: (typeof LAYOUT)[keyof typeof LAYOUT];
  /** Type and permission bits. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtime: { readonly seconds: number; readonly nanos: number };
  readonly links: number;
  /** Length of what `encodeXattrs()` made. */
  readonly xattrBytes: number;
  /** First block of the data, a device number, or a chunk format. */
  readonly location: number;
  /** Shown by stat(2) on machines with 32-bit inode numbers only. */
  readonly number: number;
}

export function writeInode(into: Buffer, at: number, inode: InodeFields): void {
  into.writeUInt16LE(EXTENDED_INODE | (inode.layout << 1), at);
  into.writeUInt16LE(xattrCount(inode.xattrBytes), at + 2);
  into.writeUInt16LE(inode.mode, at + 4);
  into.writeBigUInt64LE(BigInt(inode.sizeBytes), at + 8);
  into.writeUInt32LE(inode.location, at + 16);
  into.writeUInt32LE(inode.number, at + 20);
  into.writeUInt32LE(inode.uid, at + 24);
  into.writeUInt32LE(inode.gid, at + 28);
  into.writeBigInt64LE(BigInt(inode.mtime.seconds), at + 32);
  into.writeUInt32LE(inode.mtime.nanos, at + 40);
  into.writeUInt32LE(inode.links, at + 44);
}

/** What `writeInode` wrote and a later change keeps. */
export function readInode(
  from: Buffer,
  at: number,
): Pick<InodeFields, "sizeBytes" | "location" | "links" | "number"> {
  return {
    sizeBytes: Number(from.readBigUInt64LE(at + 8)),
    location: from.readUInt32LE(at + 16),
    number: from.readUInt32LE(at + 20),
    links: from.readUInt32LE(at + 44),
  };
}

const XATTR_HEADER_BYTES = 12;
const XATTR_ENTRY_BYTES = 4;

/** The first is counted as one, whatever its size, the others as four bytes each. */
function xattrCount(bytes: number): number {
  return bytes === 0 ? 0 : 1 + (bytes - XATTR_HEADER_BYTES) / 4;
}

/** Largest value an entry can tell the size of. */
export const MAX_XATTR_VALUE_BYTES = 0xffff;
/** All of one inode's: far above what other file systems hold, far below what its count can tell. */
export const MAX_XATTR_BYTES = 0x1_0000;

/** Name prefixes are written as numbers; the longest that fits comes first. */
const XATTR_PREFIXES: readonly (readonly [prefix: string, index: number])[] = [
  ["system.posix_acl_access", 2],
  ["system.posix_acl_default", 3],
  ["user.", 1],
  ["trusted.", 4],
  ["security.", 6],
];

/** The attributes that follow an inode. @throws Error for a name the format has no place for */
export function encodeXattrs(xattrs: ReadonlyMap<string, Uint8Array>): Buffer {
  if (xattrs.size === 0) return Buffer.alloc(0);
  const parts: Uint8Array[] = [Buffer.alloc(XATTR_HEADER_BYTES)];
  for (const [name, value] of xattrs) {
    const [prefix, index] = XATTR_PREFIXES.find(([start]) => name.startsWith(start)) ?? ["", 0];
    const rest = Buffer.from(name.slice(prefix.length));
    if (index === 0 || rest.byteLength > 255) throw new Error(`attribute name ${JSON.stringify(name)}`);
    const head = Buffer.from([rest.byteLength, index, value.byteLength & 0xff, value.byteLength >> 8]);
    const used = XATTR_ENTRY_BYTES + rest.byteLength + value.byteLength;
    parts.push(head, rest, value, Buffer.alloc(-used & 3));
  }
  return Buffer.concat(parts);
}

/** Type bits of a mode to the number a directory entry shows; overlayfs only looks closer at "character" ones. */
export const ENTRY_TYPE: ReadonlyMap<number, number> = new Map([
  [0o100000, 1],
  [0o040000, 2],
  [0o020000, 3],
  [0o060000, 4],
  [0o010000, 5],
  [0o120000, 7],
]);

export const ENTRY_BYTES = 12;

export interface DirectoryEntry {
  readonly name: Uint8Array;
  readonly nid: number;
  /** Of `ENTRY_TYPE`. */
  readonly type: number;
}

/** Splits sorted entries into those of one block each: a block holds its entries first, then their names. */
export function splitDirectory<T extends { readonly name: Uint8Array }>(sorted: readonly T[]): T[][] {
  const blocks: T[][] = [];
  let used = BLOCK_BYTES;
  for (const entry of sorted) {
    const bytes = ENTRY_BYTES + entry.name.byteLength;
    if (used + bytes > BLOCK_BYTES) {
      blocks.push([]);
      used = 0;
    }
    blocks.at(-1)!.push(entry);
    used += bytes;
  }
  return blocks;
}

/** Length of a directory: all blocks but the last count in full. */
export function directorySize(blocks: readonly (readonly { readonly name: Uint8Array }[])[]): number {
  const last = blocks.at(-1)!;
  const bytes = last.reduce((sum, { name }) => sum + ENTRY_BYTES + name.byteLength, 0);
  return (blocks.length - 1) * BLOCK_BYTES + bytes;
}

export function writeDirectoryBlock(into: Buffer, at: number, entries: readonly DirectoryEntry[]): void {
  let nameAt = entries.length * ENTRY_BYTES;
  for (const [i, { name, nid, type }] of entries.entries()) {
    const entryAt = at + i * ENTRY_BYTES;
    into.writeBigUInt64LE(BigInt(nid), entryAt);
    into.writeUInt16LE(nameAt, entryAt + 8);
    into.writeUInt8(type, entryAt + 10);
    into.set(name, at + nameAt);
    nameAt += name.byteLength;
  }
}

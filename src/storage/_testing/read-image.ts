/** Reads an EROFS image as the kernel would, strictly: what the writer must never get wrong fails here. */
import { closeSync, openSync, readSync } from "node:fs";
import { decodeRaw } from "#base/raw-text.ts";
import { crc32c } from "../erofs/crc32c.ts";

export interface ListedFile {
  /** Type and permissions. */
  readonly mode: number;
  readonly uid: number;
  readonly gid: number;
  readonly sizeBytes: number;
  readonly mtimeNanos: bigint;
  readonly links: number;
  /** The same for all names of one file. */
  readonly inode: bigint;
  readonly device: number;
  readonly xattrs: Readonly<Record<string, string>>;
  /** Of a file or a link, in base64. */
  readonly content: string;
}

const BLOCK = 512;
const PREFIXES = [
  "",
  "user.",
  "system.posix_acl_access",
  "system.posix_acl_default",
  "trusted.",
  "",
  "security.",
];

/** Every file by its path below the root, the root as "". */
export function listImage(path: string): Map<string, ListedFile> {
  const image = new ImageReader(path);
  try {
    const found = new Map<string, ListedFile>();
    const pending = [{ path: "", nid: image.rootNid, parent: image.rootNid }];
    for (let next = pending.pop(); next; next = pending.pop()) {
      const { file, children } = image.inode(next.nid, next.parent);
      found.set(next.path, file);
      for (const { name, nid } of children)
        pending.push({ path: next.path === "" ? name : `${next.path}/${name}`, nid, parent: next.nid });
    }
    return found;
  } finally {
    image.close();
  }
}

class ImageReader {
  readonly #fd: number;
  readonly #metadata: number;
  readonly rootNid: number;

  constructor(path: string) {
    this.#fd = openSync(path, "r");
    const superblock = this.#read(1024, BLOCK);
    check(superblock.readUInt32LE(0) === 0xe0f5e1e2, "magic");
    const stored = superblock.readUInt32LE(4);
    superblock.writeUInt32LE(0, 4);
    check(crc32c(superblock) === stored, "checksum");
    this.rootNid = superblock.readUInt16LE(14);
    this.#metadata = superblock.readUInt32LE(40) * BLOCK;
  }

  close(): void {
    closeSync(this.#fd);
  }

  inode(nid: number, parent: number): { file: ListedFile; children: { name: string; nid: number }[] } {
    const at = this.#metadata + nid * 32;
    const raw = this.#read(at, 64);
    const format = raw.readUInt16LE(0);
    check((format & 1) === 1, "extended inode");
    const count = raw.readUInt16LE(2);
    const xattrBytes = count === 0 ? 0 : 12 + 4 * (count - 1);
    const mode = raw.readUInt16LE(4);
    const sizeBytes = Number(raw.readBigUInt64LE(8));
    const location = raw.readUInt32LE(16);
    const type = mode & 0o170000;
    const layout = (format >> 1) & 7;
    const tail = at + 64 + xattrBytes;
    const isDevice = type === 0o020000 || type === 0o060000;
    const data = isDevice ? Buffer.alloc(0) : this.#data(layout, { sizeBytes, location, tail });
    const isDirectory = type === 0o040000;
    const file: ListedFile = {
      mode,
      uid: raw.readUInt32LE(24),
      gid: raw.readUInt32LE(28),
      sizeBytes: isDirectory ? 0 : sizeBytes,
      mtimeNanos: raw.readBigInt64LE(32) * 1_000_000_000n + BigInt(raw.readUInt32LE(40)),
      links: raw.readUInt32LE(44),
      inode: BigInt(nid),
      device: isDevice ? location : 0,
      xattrs: this.#xattrs(at + 64, xattrBytes),
      content: isDirectory ? "" : data.toString("base64"),
    };
    return { file, children: isDirectory ? entriesOf(data, nid, parent) : [] };
  }

  #data(layout: number, from: { sizeBytes: number; location: number; tail: number }): Buffer {
    const { sizeBytes, location, tail } = from;
    if (sizeBytes === 0) return Buffer.alloc(0);
    if (layout === 0) return this.#read(location * BLOCK, sizeBytes);
    if (layout === 2) {
      check(
        Math.floor(tail / BLOCK) === Math.floor((tail + sizeBytes - 1) / BLOCK),
        "inline data in one block",
      );
      return this.#read(tail, sizeBytes);
    }
    check(layout === 4, "data layout");
    const chunkBytes = BLOCK << location;
    const parts: Buffer[] = [];
    for (let done = 0; done < sizeBytes; done += chunkBytes) {
      const block = this.#read(tail + 4 * (done / chunkBytes), 4).readUInt32LE(0);
      const bytes = Math.min(chunkBytes, sizeBytes - done);
      parts.push(block === 0xffff_ffff ? Buffer.alloc(bytes) : this.#read(block * BLOCK, bytes));
    }
    return Buffer.concat(parts);
  }

  #xattrs(at: number, bytes: number): Record<string, string> {
    const found: Record<string, string> = {};
    if (bytes === 0) return found;
    const raw = this.#read(at, bytes);
    for (let i = 12; i < bytes; ) {
      const [nameBytes, index, valueBytes] = [raw[i]!, raw[i + 1]!, raw.readUInt16LE(i + 2)];
      const valueAt = i + 4 + nameBytes;
      check(PREFIXES[index] !== undefined && index !== 0 && valueAt + valueBytes <= bytes, "attribute");
      const name = PREFIXES[index] + raw.toString("utf8", i + 4, valueAt);
      found[name] = raw.toString("base64", valueAt, valueAt + valueBytes);
      i = (valueAt + valueBytes + 3) & ~3;
    }
    return found;
  }

  #read(offset: number, bytes: number): Buffer {
    const into = Buffer.alloc(bytes);
    check(readSync(this.#fd, into, 0, bytes, offset) === bytes, `bytes ${offset}+${bytes} in the image`);
    return into;
  }
}

function entriesOf(data: Buffer, own: number, parent: number): { name: string; nid: number }[] {
  const all: { name: Buffer; nid: number }[] = [];
  for (let block = 0; block < data.byteLength; block += BLOCK) {
    const bytes = data.subarray(block, block + BLOCK);
    const count = bytes.readUInt16LE(8) / 12;
    for (let i = 0; i < count; i++) {
      const from = bytes.readUInt16LE(i * 12 + 8);
      const to = i + 1 < count ? bytes.readUInt16LE(i * 12 + 20) : endOfNames(bytes);
      check(bytes[i * 12 + 10]! > 0 && to > from, "directory entry");
      all.push({ name: bytes.subarray(from, to), nid: Number(bytes.readBigUInt64LE(i * 12)) });
    }
  }
  for (let i = 1; i < all.length; i++)
    check(Buffer.compare(all[i - 1]!.name, all[i]!.name) < 0, "order of entries");
  const named = all.map(({ name, nid }) => ({ name: decodeRaw(name), nid }));
  check(
    named.some(({ name, nid }) => name === "." && nid === own),
    '"."',
  );
  check(
    named.some(({ name, nid }) => name === ".." && nid === parent),
    '".."',
  );
  return named.filter(({ name }) => name !== "." && name !== "..");
}

function endOfNames(block: Buffer): number {
  let end = block.byteLength;
  while (block[end - 1] === 0) end--;
  return end;
}

function check(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(`EROFS image: ${what} is wrong`);
}

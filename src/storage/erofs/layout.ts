/** Where everything of an image goes, and its metadata as bytes. Pure: the caller writes them. */
import { InvalidArgument } from "#base/errors.ts";
import { encodeRaw } from "#base/raw-text.ts";
import { OPAQUE_XATTR } from "../layer/below.ts";
import {
  BLOCK_BYTES,
  DATA_OFFSET,
  directorySize,
  ENTRY_TYPE,
  encodeSuperblock,
  encodeXattrs,
  HOLE,
  INODE_BYTES,
  LAYOUT,
  MAX_IMAGE_BYTES,
  SLOT_BYTES,
  splitDirectory,
  writeDirectoryBlock,
  writeInode,
} from "./format.ts";
import { type ChunkCopy, type ChunkTable, planChunks } from "./sparse.ts";
import type { LayerNode } from "./tree.ts";

/** An image is: superblock, the archive as it came, metadata, copies of what sparse files hold. */
export interface ImageLayout {
  readonly superblock: { readonly offset: number; readonly bytes: Uint8Array };
  readonly metadata: { readonly offset: number; readonly bytes: Uint8Array };
  /** Offsets are those of the image. */
  readonly copies: readonly ChunkCopy[];
  readonly imageBytes: number;
  /** Directories that are as the layers below have them, and where in the image their inodes are. */
  readonly implicit: readonly ImplicitDirectory[];
}

export interface ImplicitDirectory {
  readonly path: string;
  readonly offset: number;
  /** Whether the layer hides what is in it below. */
  readonly isOpaque: boolean;
}

interface Placed {
  readonly node: LayerNode;
  readonly number: number;
  readonly xattrs: Buffer;
  readonly chunks: ChunkTable | undefined;
  /** Of the inode, within the metadata. */
  readonly at: number;
  links: number;
  /** Of a directory's or a long link's data, within the metadata. */
  dataAt: number;
  entries: Entry[][];
}

interface Entry {
  readonly name: Uint8Array;
  readonly node: LayerNode;
}

/** Inode 0 is what readers of directories take for an unused entry. */
const FIRST_INODE_AT = 2 * SLOT_BYTES;
const PAGE_BYTES = 4096;
/** Left free after directories that are to be as the layers below have them, which may have attributes there. */
export const INHERITED_XATTR_BYTES = 256;

/**
 * @param archiveBytes length of the tar, which lies from `DATA_OFFSET` on
 * @throws InvalidArgument when the image would be larger than block addresses can tell
 */
export function planImage(root: LayerNode, archiveBytes: number): ImageLayout {
  const metadataOffset = roundUp(DATA_OFFSET + archiveBytes, PAGE_BYTES);
  const order = directoriesFirst(root);
  const chunks = planChunks(order.keys());
  const { placed, end } = placeInodes(order, chunks.tables);
  const metadataBytes = roundUp(placeData(placed, end), PAGE_BYTES);
  const chunksOffset = metadataOffset + metadataBytes;
  const imageBytes = roundUp(chunksOffset + chunks.bytes, PAGE_BYTES);
  if (imageBytes > MAX_IMAGE_BYTES)
    throw new InvalidArgument(`layer is too large: an image of ${imageBytes} bytes`);
  const bytes = Buffer.alloc(metadataBytes);
  for (const each of placed.values()) {
    writeNode(bytes, each, { metadataOffset, chunksOffset });
    writeEntries(bytes, each, placed);
  }
  return {
    superblock: encodeSuperblock({
      rootNid: FIRST_INODE_AT / SLOT_BYTES,
      inodes: placed.size,
      blocks: imageBytes / BLOCK_BYTES,
      metadataBlock: metadataOffset / BLOCK_BYTES,
    }),
    metadata: { offset: metadataOffset, bytes },
    copies: chunks.copies.map(({ from, to, bytes: count }) => ({
      from: from + DATA_OFFSET,
      to: to + chunksOffset,
      bytes: count,
    })),
    imageBytes,
    implicit: implicitDirectories(root, placed, metadataOffset),
  };
}

/** Every node once, level by level, with the sorted entries of directories: what is listed together lies together. */
function directoriesFirst(root: LayerNode): Map<LayerNode, Entry[][]> {
  const order = new Map<LayerNode, Entry[][]>([[root, []]]);
  for (const directory of order.keys()) {
    if (!directory.children) continue;
    const entries: Entry[] = [
      { name: Buffer.from("."), node: directory },
      { name: Buffer.from(".."), node: directory.parent! },
    ];
    for (const [name, node] of directory.children) entries.push({ name: encodeRaw(name), node });
    entries.sort((a, b) => Buffer.compare(a.name, b.name));
    order.set(directory, splitDirectory(entries));
    for (const { node } of entries) if (!order.has(node)) order.set(node, []);
  }
  return order;
}

function placeInodes(
  order: ReadonlyMap<LayerNode, Entry[][]>,
  tables: ReadonlyMap<LayerNode, ChunkTable>,
): { readonly placed: Map<LayerNode, Placed>; readonly end: number } {
  const placed = new Map<LayerNode, Placed>();
  let at = FIRST_INODE_AT;
  for (const [node, entries] of order) {
    const xattrs = encodeXattrs(withMark(node.xattrs, node.opaque));
    const chunks = tables.get(node);
    const head = INODE_BYTES + xattrs.byteLength;
    const inline = inlineBytes(node, head);
    at = roundUp(at, SLOT_BYTES);
    // a target beside its inode must be in the same block
    if ((at % BLOCK_BYTES) + head + inline > BLOCK_BYTES && inline > 0) at = roundUp(at, BLOCK_BYTES);
    placed.set(node, { node, number: placed.size + 1, xattrs, chunks, at, links: 0, dataAt: 0, entries });
    at += head + inline + 4 * (chunks?.blocks.length ?? 0) + (node.implicit ? INHERITED_XATTR_BYTES : 0);
  }
  countLinks(placed);
  return { placed, end: at };
}

/** A directory has its name, its own "." and the ".." of each directory in it; the root is its own parent. */
function countLinks(placed: ReadonlyMap<LayerNode, Placed>): void {
  for (const { entries } of placed.values())
    for (const { node } of entries.flat()) placed.get(node)!.links += 1;
}

/** Directories and links too long for their inode's block get blocks of their own. @returns the end of the last */
function placeData(placed: ReadonlyMap<LayerNode, Placed>, start: number): number {
  let at = roundUp(start, BLOCK_BYTES);
  for (const each of placed.values()) {
    each.dataAt = at;
    if (each.node.children) at += each.entries.length * BLOCK_BYTES;
    else if (isLongLink(each)) at += roundUp(encodeRaw(each.node.target!).byteLength, BLOCK_BYTES);
  }
  return at;
}

function writeNode(
  into: Buffer,
  each: Placed,
  { metadataOffset, chunksOffset }: { readonly metadataOffset: number; readonly chunksOffset: number },
): void {
  const { node, at, xattrs, chunks, entries, dataAt, links, number } = each;
  const tailAt = at + INODE_BYTES + xattrs.byteLength;
  const target = node.target === undefined ? undefined : encodeRaw(node.target);
  const fields = {
    mode: node.type | node.mode,
    uid: node.uid,
    gid: node.gid,
    mtime: node.mtime,
    links,
    number,
    xattrBytes: xattrs.byteLength,
  };
  const write = (layout: (typeof LAYOUT)[keyof typeof LAYOUT], sizeBytes: number, location: number) =>
    writeInode(into, at, { ...fields, layout, sizeBytes, location });
  into.set(xattrs, at + INODE_BYTES);
  if (node.children) write(LAYOUT.plain, directorySize(entries), (metadataOffset + dataAt) / BLOCK_BYTES);
  else if (target) {
    const isLong = isLongLink(each);
    into.set(target, isLong ? dataAt : tailAt);
    const location = isLong ? (metadataOffset + dataAt) / BLOCK_BYTES : 0;
    write(isLong ? LAYOUT.plain : LAYOUT.inline, target.byteLength, location);
  } else if (chunks) {
    write(LAYOUT.chunked, node.sizeBytes!, chunks.bits);
    for (const [i, block] of chunks.blocks.entries())
      into.writeUInt32LE(block === HOLE ? HOLE : block + chunksOffset / BLOCK_BYTES, tailAt + 4 * i);
  } else if (node.sizeBytes) {
    write(LAYOUT.plain, node.sizeBytes, (DATA_OFFSET + node.dataOffset!) / BLOCK_BYTES);
  } else write(LAYOUT.plain, 0, node.device ?? 0);
}

function writeEntries(
  into: Buffer,
  { entries, dataAt }: Placed,
  placed: ReadonlyMap<LayerNode, Placed>,
): void {
  for (const [i, block] of entries.entries())
    writeDirectoryBlock(
      into,
      dataAt + i * BLOCK_BYTES,
      block.map(({ name, node }) => ({
        name,
        nid: placed.get(node)!.at / SLOT_BYTES,
        type: ENTRY_TYPE.get(node.type)!,
      })),
    );
}

/** How overlayfs is told that a directory hides what lower layers have in it. */
export function withMark(
  xattrs: ReadonlyMap<string, Uint8Array>,
  isOpaque: boolean | undefined,
): ReadonlyMap<string, Uint8Array> {
  return isOpaque ? new Map([...xattrs, [OPAQUE_XATTR, Buffer.from("y")]]) : xattrs;
}

function inlineBytes({ target }: LayerNode, head: number): number {
  if (target === undefined) return 0;
  const bytes = encodeRaw(target).byteLength;
  return head + bytes > BLOCK_BYTES ? 0 : bytes;
}

function isLongLink({ node, xattrs }: Placed): boolean {
  return node.target !== undefined && inlineBytes(node, INODE_BYTES + xattrs.byteLength) === 0;
}

/** Paths without an opaque directory above: below one there is nothing to be like. */
function implicitDirectories(
  root: LayerNode,
  placed: ReadonlyMap<LayerNode, Placed>,
  metadataOffset: number,
): ImageLayout["implicit"] {
  const found: ImplicitDirectory[] = [];
  const pending = [{ path: "", node: root }];
  for (let next = pending.pop(); next; next = pending.pop()) {
    const { path, node } = next;
    if (node.implicit)
      found.push({ path, offset: metadataOffset + placed.get(node)!.at, isOpaque: node.opaque ?? false });
    if (node.opaque) continue;
    for (const [name, child] of node.children!)
      if (child.children) pending.push({ path: path === "" ? name : `${path}/${name}`, node: child });
  }
  return found;
}

function roundUp(bytes: number, unit: number): number {
  return Math.ceil(bytes / unit) * unit;
}

/** Sparse files: data in chunks of equal size, chunks without any data as holes. */
import { BLOCK_BYTES, HOLE } from "./format.ts";
import type { LayerNode } from "./tree.ts";

export interface ChunkTable {
  /** Chunk size as a power of two of blocks. */
  readonly bits: number;
  /** One for each chunk: a block counted from the beginning of the chunks' area, or `HOLE`. */
  readonly blocks: readonly number[];
}

export interface ChunkCopy {
  /** Offset in the archive. */
  readonly from: number;
  /** Offset in the chunks' area. */
  readonly to: number;
  readonly bytes: number;
}

export interface ChunkPlan {
  readonly tables: ReadonlyMap<LayerNode, ChunkTable>;
  readonly copies: readonly ChunkCopy[];
  /** Length of the chunks' area, itself sparse: what no copy writes is never allocated. */
  readonly bytes: number;
}

const SMALLEST_CHUNK_BYTES = 4096;
/** Bounds the table of a file that is nearly nothing but holes. */
const MAX_CHUNKS = 16_384;

export function planChunks(nodes: Iterable<LayerNode>): ChunkPlan {
  const tables = new Map<LayerNode, ChunkTable>();
  const copies: ChunkCopy[] = [];
  let bytes = 0;
  for (const node of nodes) {
    if (!hasHoles(node)) continue;
    const plan = planFile(node, bytes);
    tables.set(node, plan.table);
    for (const copy of plan.copies) copies.push(copy);
    bytes = plan.end;
  }
  return { tables, copies, bytes };
}

/** A file whose only run is all of it lies in one piece like any other. */
export function hasHoles({ sparse, sizeBytes }: LayerNode): boolean {
  if (!sparse || sizeBytes === 0) return false;
  return !(sparse.length === 1 && sparse[0]!.length === sizeBytes);
}

function planFile(
  node: LayerNode,
  start: number,
): { readonly table: ChunkTable; readonly copies: ChunkCopy[]; readonly end: number } {
  const sizeBytes = node.sizeBytes!;
  let chunkBytes = SMALLEST_CHUNK_BYTES;
  while (chunkBytes * MAX_CHUNKS < sizeBytes) chunkBytes *= 2;
  const blocks = new Array<number>(Math.ceil(sizeBytes / chunkBytes)).fill(HOLE);
  const copies: ChunkCopy[] = [];
  let from = node.dataOffset!;
  let end = start;
  for (const run of node.sparse!) {
    for (let at = run.offset; at < run.offset + run.length; ) {
      const chunk = Math.floor(at / chunkBytes);
      const within = at - chunk * chunkBytes;
      const bytes = Math.min(chunkBytes - within, run.offset + run.length - at);
      if (blocks[chunk] === HOLE) {
        blocks[chunk] = end / BLOCK_BYTES;
        end += chunkBytes;
      }
      copies.push({ from, to: blocks[chunk]! * BLOCK_BYTES + within, bytes });
      from += bytes;
      at += bytes;
    }
  }
  return { table: { bits: Math.log2(chunkBytes / BLOCK_BYTES), blocks }, copies, end };
}

/** What a compressing helper is told, in one argument. */
export interface CompressJob {
  /** A file of the store. */
  readonly source: string;
  readonly compression: "gzip" | "zstd";
  /** Its first block, and how far on the next is. */
  readonly first: number;
  readonly step: number;
  /** Of the whole file. */
  readonly blocks: number;
}

/**
 * Bytes that are compressed by themselves. Large enough that nothing is lost by not looking back over its border,
 * small enough that several processors share a middling layer. Part of every digest: never change it.
 */
export const BLOCK_BYTES = 1 << 20;

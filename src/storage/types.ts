/**
 * Bytes by digest, and directories by parent.
 *
 * Terms. A *blob* is immutable bytes named by their digest. A *diffID* is the digest of a layer's uncompressed tar, a
 * *chainID* names a stack of layers (OCI image specification, "Layer ChainID"). A *layer* here is an unpacked, committed
 * directory named by its chainID; a *writable* belongs to one container and lies on top of a chain.
 *
 * Lifecycle of a layer: `prepareLayer` gives a private directory, the unpacker fills it, `commitLayer` makes it visible
 * under its chainID in one step. A crash in between leaves a directory without a record, removed by `sweep` at start.
 */
import type { Digest } from "#base/digest.ts";

export interface BlobInfo {
  readonly digest: Digest;
  readonly sizeBytes: number;
}

export interface ContentStore {
  info(digest: Digest): BlobInfo | undefined;
  /** Absolute path of the blob's file, for reading only. @throws NotFound */
  path(digest: Digest): string;
  /** Whole text of a small blob (manifest, config). @throws NotFound; InvalidArgument when larger than `maxBytes` (default 8 MiB) */
  readText(digest: Digest, maxBytes?: number): Promise<string>;
  /** Small blob in one go. @returns its digest */
  put(bytes: Uint8Array | string): Promise<Digest>;
  /**
   * Begins or resumes the write of one blob; one writer per key at a time (a second one waits).
   * @param key stable name of this download, normally the expected digest
   */
  ingest(key: string): Promise<Ingest>;
  delete(digest: Digest): boolean;
  list(): BlobInfo[];
  /** Ingests that nobody writes, with their age: leftovers of interrupted pulls. */
  /** Room on the disk that blobs on their way take, or interrupted ones left. */
  unfinishedBytes(): number;
  abandonedIngests(): { readonly key: string; readonly sizeBytes: number; readonly ageMs: number }[];
  discardIngest(key: string): void;
}

/** Bytes on their way into the store. Disposing without commit keeps them for a later resume. */
export interface Ingest extends AsyncDisposable {
  /** Bytes already there; the writer goes on from here. */
  readonly offset: number;
  /** Where the bytes are collected, for those who read behind the writer; has this name until `commit` or `abort`. */
  readonly file: string;
  /** Pieces one after the other; fewer calls are faster. An ingest that could not write can only be disposed or aborted. */
  write(...chunks: readonly Uint8Array[]): Promise<void>;
  /** sha256 of what has been written: what a `commit` now would make visible, so that it can be leased before. */
  digest(): Digest;
  /** Forgets what was written so far. */
  restart(): Promise<void>;
  /**
   * Verifies and publishes.
   * @throws InvalidArgument when digest or size differ; the bytes are discarded then
   */
  commit(expected?: { readonly digest?: Digest; readonly sizeBytes?: number }): Promise<BlobInfo>;
  abort(): Promise<void>;
}

/** How deletions of lower layers are written while a layer is unpacked into its directory. */
export type WhiteoutStyle = "overlay" | "delete";

export interface PreparedLayer {
  readonly key: string;
  /** Where to unpack. With "delete" style it already holds the parent's files. */
  readonly directory: string;
  readonly whiteouts: WhiteoutStyle;
  /** Instead of files in the directory an EROFS image is written to this path. */
  readonly image?: string;
}

export interface LayerInfo {
  readonly chainId: Digest;
  readonly diffId: Digest;
  readonly parent: Digest | undefined;
  /** Bytes this layer alone takes (sum of its regular files). */
  readonly sizeBytes: number;
  readonly createdAtMs: number;
}

/** What must be mounted to see a container's files; performed by `mountRoot`. */
export interface RootMount {
  readonly kind: "overlay" | "bind";
  readonly lower: readonly string[];
  readonly upper: string | undefined;
  readonly work: string | undefined;
  /** For "bind": the directory itself. */
  readonly source: string | undefined;
  /** For "overlay": the program that mounts it instead of the kernel. */
  readonly program?: "fuse-overlayfs";
}

/** Where a container's changes are, for whoever reads them as files. Absolute paths of directories. */
export type DiffSource =
  /** Only what changed, deletions as overlayfs whiteouts. `lower` is what it lies on, nearest first. */
  | {
      readonly kind: "upper";
      readonly upper: string;
      readonly lower: readonly string[];
      /** Whether opaque directories also hold a file that says so, which no container has made. */
      readonly hasMarkFiles?: boolean;
    }
  /** All files, to be compared with those they began as; without `before` all are new. */
  | { readonly kind: "trees"; readonly before: string | undefined; readonly after: string };

export interface WritableOptions {
  /** A bound on what the container adds; absent: the file system's own. */
  readonly sizeBytes?: number | undefined;
}

/** Copy-on-write directories. Drivers: overlay, vfs, btrfs, … */
export interface Snapshotter {
  readonly name: string;
  /** Rows of `docker info`. */
  readonly status: readonly (readonly [string, string])[];
  /** A layer may be prepared and filled before its parent is committed, so that layers unpack side by side. */
  readonly independentLayers?: boolean;
  /** @param parent chainID of the layers below; absent for the first. With overlay the parent need not exist yet. */
  prepareLayer(parent: Digest | undefined): Promise<PreparedLayer>;
  /**
   * Publishes a filled layer. The parent must be committed. An equal chainID that is already there wins and the new
   * directory is discarded.
   */
  commitLayer(
    prepared: PreparedLayer,
    layer: {
      readonly chainId: Digest;
      readonly diffId: Digest;
      readonly parent: Digest | undefined;
      readonly sizeBytes: number;
    },
  ): Promise<LayerInfo>;
  discardLayer(prepared: PreparedLayer): Promise<void>;
  layer(chainId: Digest): LayerInfo | undefined;
  layers(): LayerInfo[];
  /** The layer is no longer known when the call returns; its files go later. @throws Conflict when a layer or a writable stands on it */
  removeLayer(chainId: Digest): Promise<void>;

  /** A container's own writable directory on top of `parent` (absent: an empty root). @throws Conflict when the id has one */
  createWritable(id: string, parent: Digest | undefined, options?: WritableOptions): Promise<void>;
  /** Why a writable directory can have no bound here, in Docker's words; undefined where it can. */
  readonly quotaTrouble: string | undefined;
  /** Throws NotFound when there is none. */
  rootMount(id: string): RootMount;
  /** Throws NotFound when there is none. */
  diffSource(id: string): DiffSource;
  /** Directory paths as Docker's GraphDriver.Data shows them. */
  driverData(id: string): Record<string, string>;
  /** As `driverData`, for an image's top layer. */
  layerData(chainId: Digest): Record<string, string>;
  /** Directory that holds all of a layer, for measuring. Throws NotFound when there is none. */
  layerHome(chainId: Digest): string;
  /** Directory of what a container has written, for measuring. Throws NotFound when there is none. */
  writableFiles(id: string): string;
  /** Bytes in the writable directory. */
  writableSize(id: string): Promise<number>;
  /** Gone already counts as done. The root must be unmounted. */
  removeWritable(id: string): Promise<void>;
  writables(): string[];
  /** The top layers containers stand on. */
  writableParents(): Digest[];
  /**
   * Directories without a record, of crashed jobs: removed at start, before any job runs. So are layers that had not
   * reached the disk when the host went down. @returns how many directories
   */
  sweep(): Promise<number>;
  /**
   * Ends what goes on in the background, and undoes what is only needed while this process works with them; running
   * containers are left alone.
   */
  close(): Promise<void>;
}

export interface UnpackResult {
  /** Digest of the uncompressed tar. */
  readonly diffId: Digest;
  readonly sizeBytes: number;
  readonly entries: number;
}

export interface UnpackProgress {
  /** Compressed bytes read so far. */
  readonly currentBytes: number;
}

/** A blob that is unpacked while it still comes. */
export interface GrowingBlob {
  /** Told at once, and whenever there is more; `isComplete` ends it. Bytes that were told never change. */
  follow(listener: (bytes: number, isComplete: boolean) => void): Disposable;
}

/** Unpacks layers in helper processes, several at a time, away from the daemon's thread. */
export interface LayerUnpacker {
  /**
   * Decompresses (gzip, zstd, plain: by content) and unpacks one layer blob into a prepared directory.
   * No entry can leave the directory; see reference attacks 20 to 23.
   * @param source a blob file, or with `growing` one that is still being written
   * @throws InvalidArgument naming the entry and the reason when the archive is hostile, damaged or over the bounds
   */
  unpack(request: {
    readonly source: string;
    readonly growing?: GrowingBlob | undefined;
    readonly prepared: PreparedLayer;
    readonly expectedDiffId?: Digest;
    /**
     * Asked at the end, where the caller hashes the blob itself: what the digest of all that was read is. A layer that is
     * not compressed is not hashed once more then.
     */
    readonly blobDigest?: () => Digest;
    readonly progress?: (progress: UnpackProgress) => void;
    readonly signal?: AbortSignal;
  }): Promise<UnpackResult>;
}

/** Compresses layers on all processors, away from the daemon's thread. */
export interface LayerCompressor {
  /**
   * The same bytes always give the same result, whichever machine it is.
   * @param request.source a plain file of `sizeBytes`
   * @param request.onProgress bytes of the source that are done
   */
  compress(request: {
    readonly source: string;
    readonly sizeBytes: number;
    readonly compression: "gzip" | "zstd";
    readonly onProgress?: (doneBytes: number) => void;
    readonly signal?: AbortSignal;
  }): AsyncGenerator<Uint8Array>;
}

/** Keeps blobs and layers from collection while a job works with them. */
export interface Leases {
  /**
   * Disposing ends the lease; one that is `resumable` then holds on for a day, also over a crash, unless it was
   * completed: the next try of the same job finds what this one brought.
   * @param options.resumable what the job is, the same for each try
   */
  open(options?: { readonly resumable?: string }): Lease;
}

export interface Lease extends Disposable {
  add(digest: Digest): void;
  /** The job is done, or another try would be no better: nothing is kept for one. */
  complete(): void;
}

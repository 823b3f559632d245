import { createReadStream } from "node:fs";
import { throwIfAborted } from "#base/async.ts";
import { decompress } from "#base/compress.ts";
import { type Digest, DigestMeter } from "#base/digest.ts";
import { InvalidArgument } from "#base/errors.ts";
import { type ByteSource, tap } from "#base/streams.ts";
import type { TarSink } from "#base/tar-archive.ts";
import { TarParser } from "#base/tar-read.ts";
import { ImageWriter } from "../erofs/image-writer.ts";
import type { UnpackResult, WhiteoutStyle } from "../types.ts";
import { checkArchiveSize, type LayerBounds } from "./bounds.ts";
import { LayerWriter } from "./unpack.ts";

export interface UnpackBlobRequest {
  /** A blob file: tar, plain or compressed. */
  readonly source: string;
  /** The file's bytes, where it is still being written. */
  readonly bytes?: ByteSource | undefined;
  readonly directory: string;
  readonly whiteouts: WhiteoutStyle;
  /** An EROFS image is written here, and nothing into the directory. */
  readonly image?: string | undefined;
  readonly bounds: LayerBounds;
  readonly expectedDiffId?: Digest | undefined;
  /** Told the compressed bytes read so far. */
  readonly onProgress?: (currentBytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface UnpackedBlob extends UnpackResult {
  readonly implicitDirectories: readonly string[];
  readonly warnings: readonly string[];
}

const READ_BYTES = 1 << 20;

/** What a layer's entries become. */
export interface LayerTarget extends TarSink, Disposable {
  readonly sizeBytes: number;
  readonly entries: number;
  readonly implicitDirectories: Iterable<string>;
  readonly warnings: Iterable<string>;
  /** Given the archive's own bytes, before the entries in them. */
  archive?(chunk: Uint8Array): void;
  /** To be called after the last entry. */
  finish(): void;
}

/**
 * Reads a blob once: decompresses, hashes the tar and unpacks it. The bytes are only known to be right at the end, so
 * nothing of what was written may be used when this throws.
 * @throws InvalidArgument when the archive is hostile, damaged, over the bounds or not the one expected
 */
export async function unpackBlob(request: UnpackBlobRequest): Promise<UnpackedBlob> {
  const { bounds, signal } = request;
  const tar = new DigestMeter();
  let blobBytes = 0;
  using target: LayerTarget = request.image
    ? new ImageWriter(request.image, { bounds, dataOffset: () => parser.offset })
    : new LayerWriter(request);
  const parser: TarParser = new TarParser(target);
  const file = tap(
    request.bytes ?? createReadStream(request.source, { highWaterMark: READ_BYTES }),
    (chunk) => {
      blobBytes += chunk.byteLength;
      request.onProgress?.(blobBytes);
    },
  );
  for await (const chunk of decompress(file)) {
    throwIfAborted(signal, "unpack layer");
    tar.update(chunk);
    checkArchiveSize(bounds, tar.bytes, blobBytes);
    target.archive?.(chunk);
    parser.push(chunk);
  }
  parser.finish();
  const diffId = tar.digest();
  if (request.expectedDiffId !== undefined && request.expectedDiffId !== diffId)
    throw new InvalidArgument(
      `layer is not the one expected: its diffID is ${diffId} instead of ${request.expectedDiffId}`,
    );
  target.finish();
  return {
    diffId,
    sizeBytes: target.sizeBytes,
    entries: target.entries,
    implicitDirectories: [...target.implicitDirectories],
    warnings: [...target.warnings],
  };
}

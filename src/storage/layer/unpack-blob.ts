import { createReadStream } from "node:fs";
import { throwIfAborted } from "#base/async.ts";
import { decompress, detectCompression, MAGIC_BYTES } from "#base/compress.ts";
import { type Digest, DigestMeter } from "#base/digest.ts";
import { InvalidArgument } from "#base/errors.ts";
import { peek, tap } from "#base/streams.ts";
import { TarParser } from "#base/tar-read.ts";
import type { UnpackResult, WhiteoutStyle } from "../types.ts";
import { checkArchiveSize, type LayerBounds } from "./bounds.ts";
import { LayerWriter } from "./unpack.ts";

export interface UnpackBlobRequest {
  /** A blob file: tar, plain or compressed. */
  readonly source: string;
  readonly directory: string;
  readonly whiteouts: WhiteoutStyle;
  readonly bounds: LayerBounds;
  readonly expectedDiffId?: Digest;
  /** Told the compressed bytes read so far. */
  readonly onProgress?: (currentBytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface UnpackedBlob extends UnpackResult {
  readonly implicitDirectories: readonly string[];
  readonly warnings: readonly string[];
}

const READ_BYTES = 1 << 20;

/**
 * Reads a blob once: hashes it, decompresses, hashes the tar and unpacks it. The bytes are only known to be right at the
 * end, so nothing of the directory may be used when this throws.
 * @throws InvalidArgument when the archive is hostile, damaged, over the bounds or not the one expected
 */
export async function unpackBlob(request: UnpackBlobRequest): Promise<UnpackedBlob> {
  const { bounds, signal } = request;
  const blob = new DigestMeter();
  const tar = new DigestMeter();
  let tarBytes = 0;
  using writer = new LayerWriter(request);
  const parser = new TarParser(writer);
  const file = tap(createReadStream(request.source, { highWaterMark: READ_BYTES }), (chunk) => {
    blob.update(chunk);
    request.onProgress?.(blob.bytes);
  });
  const { head, all } = await peek(file, MAGIC_BYTES);
  const isPlain = detectCompression(head) === "none"; // then the blob is the tar, and hashed once
  for await (const chunk of decompress(all)) {
    throwIfAborted(signal, "unpack layer");
    if (!isPlain) tar.update(chunk);
    tarBytes += chunk.byteLength;
    checkArchiveSize(bounds, tarBytes, blob.bytes);
    parser.push(chunk);
  }
  parser.finish();
  writer.finish();
  const blobDigest = blob.digest();
  const diffId = isPlain ? blobDigest : tar.digest();
  if (request.expectedDiffId !== undefined && request.expectedDiffId !== diffId)
    throw new InvalidArgument(
      `layer is not the one expected: its diffID is ${diffId} instead of ${request.expectedDiffId}`,
    );
  return {
    diffId,
    blobDigest,
    sizeBytes: writer.sizeBytes,
    entries: writer.entries,
    implicitDirectories: [...writer.implicitDirectories],
    warnings: [...writer.warnings],
  };
}

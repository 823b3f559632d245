import { createReadStream } from "node:fs";
import { throwIfAborted } from "#base/async.ts";
import { decompress, detectCompression } from "#base/compress.ts";
import { type Digest, DigestMeter } from "#base/digest.ts";
import { type ByteSource, tap } from "#base/streams.ts";
import { TarParser } from "#base/tar-read.ts";
import type { UnpackResult } from "../types.ts";
import { checkArchiveSize } from "./bounds.ts";
import { checkDiffId } from "./check-diff-id.ts";
import { openTarget, type TargetOptions } from "./target.ts";

export interface UnpackBlobRequest extends TargetOptions {
  /** A blob file: tar, plain or compressed. */
  readonly source: string;
  /** The file's bytes, where it is still being written. */
  readonly bytes?: ByteSource | undefined;
  readonly expectedDiffId?: Digest | undefined;
  /** Whether a blob that is not compressed is left for the caller to hash, who must know its digest anyway. */
  readonly leavesPlain?: boolean;
  /** Told the compressed bytes read so far. */
  readonly onProgress?: (currentBytes: number) => void;
  readonly signal?: AbortSignal;
}

export interface UnpackedBlob extends Omit<UnpackResult, "diffId"> {
  /** Absent where it is the blob's own digest, which the caller knows. */
  readonly diffId: Digest | undefined;
  readonly implicitDirectories: readonly string[];
  readonly warnings: readonly string[];
}

const READ_BYTES = 1 << 20;

/**
 * Reads a blob once: decompresses, hashes the tar and unpacks it. The bytes are only known to be right at the end, so
 * nothing of what was written may be used when this throws.
 * @throws InvalidArgument when the archive is hostile, damaged, over the bounds or not the one expected
 */
export async function unpackBlob(request: UnpackBlobRequest): Promise<UnpackedBlob> {
  const { bounds, signal } = request;
  const tar = new DigestMeter();
  let blobBytes = 0;
  let isLeft = false;
  using target = openTarget(request, () => parser.offset);
  const parser: TarParser = new TarParser(target);
  const file = tap(
    request.bytes ?? createReadStream(request.source, { highWaterMark: READ_BYTES }),
    (chunk) => {
      if (blobBytes === 0) isLeft = request.leavesPlain === true && detectCompression(chunk) === "none";
      blobBytes += chunk.byteLength;
      request.onProgress?.(blobBytes);
    },
  );
  for await (const chunk of decompress(file)) {
    throwIfAborted(signal, "unpack layer");
    if (!isLeft) tar.update(chunk);
    checkArchiveSize(bounds, isLeft ? blobBytes : tar.bytes, blobBytes);
    target.archive?.(chunk);
    parser.push(chunk);
  }
  parser.finish();
  const diffId = isLeft ? undefined : tar.digest();
  if (diffId !== undefined) checkDiffId(diffId, request.expectedDiffId);
  target.finish();
  return {
    diffId,
    sizeBytes: target.sizeBytes,
    entries: target.entries,
    implicitDirectories: [...target.implicitDirectories],
    warnings: [...target.warnings],
  };
}

import { constants, createGunzip, createGzip, createZstdCompress, createZstdDecompress } from "node:zlib";
import { EngineError, InvalidArgument, messageOf, NotImplemented } from "./errors.ts";
import { type ByteSource, peek, tap } from "./streams.ts";
import { ZstdFrames } from "./zstd-frames.ts";

export type Compression = "none" | "gzip" | "zstd" | "xz" | "bzip2";

/** Bytes `detectCompression` wants to see. */
export const MAGIC_BYTES = 6;

/** By content, never by name or declared type: those are the sender's claims. */
export function detectCompression(head: Uint8Array): Compression {
  const starts = (...magic: number[]) => magic.every((byte, i) => head[i] === byte);
  if (starts(0x1f, 0x8b, 0x08)) return "gzip";
  if (starts(0x28, 0xb5, 0x2f, 0xfd)) return "zstd";
  if (head[0]! >> 4 === 5 && starts(head[0]!, 0x2a, 0x4d, 0x18)) return "zstd"; // a skippable frame comes first
  if (starts(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0x00)) return "xz";
  if (starts(0x42, 0x5a, 0x68)) return "bzip2";
  return "none";
}

/**
 * The plain bytes of a gzip, zstd or uncompressed stream, whichever it is. Memory stays at a few MiB: a slow reader
 * stops the source. How much may come out is for the reader to bound (`limitBytes`).
 * @throws NotImplemented for xz and bzip2
 * @throws InvalidArgument when the stream is damaged, cut short or followed by garbage
 */
export async function* decompress(source: ByteSource): AsyncGenerator<Uint8Array> {
  const { head, all } = await peek(source, MAGIC_BYTES);
  const compression = detectCompression(head);
  if (compression === "none") return yield* all;
  if (compression === "gzip") return yield* through(all, createGunzip(AHEAD), "gzip");
  if (compression === "zstd") return yield* unzstd(all);
  await all.return(undefined);
  throw new NotImplemented(`${compression} compressed archives are not supported`, {
    // decompressing these would mean running a program found on the host, or in a container's files
    hint: "compress with gzip or zstd, or not at all",
  });
}

/** @param options.level of the algorithm; default gzip 6, zstd 3. The same chunks give the same output. */
export function compress(
  source: ByteSource,
  compression: "gzip" | "zstd",
  options: { readonly level?: number } = {},
): AsyncGenerator<Uint8Array> {
  const transform =
    compression === "gzip"
      ? createGzip({ chunkSize: CHUNK_BYTES, level: options.level ?? 6 })
      : createZstdCompress({
          chunkSize: CHUNK_BYTES,
          params: {
            [constants.ZSTD_c_compressionLevel]: options.level ?? 3,
            [constants.ZSTD_c_checksumFlag]: 1, // off by default here, unlike the zstd command
          },
        });
  return through(source, transform, compression);
}

/** Larger than the default 16 KiB because each piece is a trip to the thread pool: 2.6 times as fast. */
const CHUNK_BYTES = 1 << 20;
/** Decompression goes on while the reader works on earlier pieces, up to this many of them. */
const AHEAD = { chunkSize: CHUNK_BYTES, readableHighWaterMark: 4 * CHUNK_BYTES };

async function* unzstd(source: ByteSource): AsyncGenerator<Uint8Array> {
  const frames = new ZstdFrames();
  const watched = tap(source, (chunk) => frames.push(chunk));
  yield* through(watched, createZstdDecompress(AHEAD), "zstd");
  frames.finish();
}

type Transform = ReturnType<typeof createGunzip>;

async function* through(source: ByteSource, transform: Transform, name: string): AsyncGenerator<Uint8Array> {
  const feeding = feed(source, transform);
  try {
    for await (const chunk of transform) yield chunk as Uint8Array;
    await feeding;
  } catch (error) {
    if (transform.errored !== error || error instanceof EngineError || !isZlibError(error)) throw error;
    throw new InvalidArgument(`damaged ${name} stream: ${messageOf(error)}`, { cause: error });
  } finally {
    transform.destroy(); // the feeder ends at its next chunk
  }
}

/** Never rejects: a failing source reaches the reader as the transform's error. */
async function feed(source: ByteSource, transform: Transform): Promise<void> {
  try {
    for await (const chunk of source) {
      if (transform.destroyed) return;
      if (!transform.write(chunk)) await drained(transform);
    }
    transform.end();
  } catch (error) {
    transform.destroy(error as Error);
  }
}

function drained(transform: Transform): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      transform.off("drain", done).off("close", done);
      resolve();
    };
    transform.on("drain", done).on("close", done);
  });
}

function isZlibError(error: unknown): boolean {
  return /^(?:Z_|ZSTD_)/.test((error as NodeJS.ErrnoException).code ?? "");
}

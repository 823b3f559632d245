import { createReadStream } from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { type Digest, DigestMeter } from "#base/digest.ts";
import { messageOf } from "#base/errors.ts";
import { TarParser } from "#base/tar-read.ts";
import { DEFAULT_BOUNDS } from "../layer/bounds.ts";
import { DATA_OFFSET } from "./format.ts";
import { type ImageDescription, readDescription } from "./image-description.ts";
import { LayerIndex } from "./index-layer.ts";
import { planImage } from "./layout.ts";
import type { ChunkCopy } from "./sparse.ts";

export interface VerifyImageRequest {
  readonly image: string;
  /** Of the archive in the image. */
  readonly diffId: Digest;
  /** Of what was added to it, as `sealOf` made it. */
  readonly seal: Digest;
}

/**
 * Whether an image is, byte for byte, what was committed: the archive by its diffID, the metadata by its seal, and the
 * copies of sparse files by comparing them with the archive. Reads all of it: for a helper process.
 */
export async function verifyImage({ image, diffId, seal }: VerifyImageRequest): Promise<boolean> {
  try {
    const description = readDescription(image);
    await using file = await open(image, "r");
    if ((await sealOf(file, description)) !== seal) return false;
    const { digest, copies } = await readArchive(image, description);
    if (digest !== diffId) return false;
    for (const copy of copies) if (!(await isSame(file, copy))) return false;
    return true;
  } catch (error) {
    if (isHostTrouble(error)) throw error;
    return false; // cut short, or a description that is none
  }
}

/** Digest of the superblock's page and the metadata. */
export async function sealOf(file: FileHandle, description: ImageDescription): Promise<Digest> {
  const meter = new DigestMeter();
  meter.update(await readAll(file, 0, DATA_OFFSET));
  meter.update(await readAll(file, description.metadataOffset, description.metadataBytes));
  return meter.digest();
}

/** @throws Error when the file ends before */
export async function readAll(file: FileHandle, offset: number, bytes: number): Promise<Buffer> {
  const into = Buffer.alloc(bytes);
  for (let done = 0; done < bytes; ) {
    const { bytesRead } = await file.read(into, done, bytes - done, offset + done);
    if (bytesRead === 0) throw new Error("the image is cut short");
    done += bytesRead;
  }
  return into;
}

async function readArchive(
  image: string,
  { archiveBytes }: ImageDescription,
): Promise<{ readonly digest: Digest; readonly copies: readonly ChunkCopy[] }> {
  const meter = new DigestMeter();
  const index = new LayerIndex({ bounds: DEFAULT_BOUNDS, dataOffset: () => parser.offset });
  const parser: TarParser = new TarParser(index);
  const range = { start: DATA_OFFSET, end: DATA_OFFSET + archiveBytes - 1, highWaterMark: 1 << 20 };
  for await (const chunk of createReadStream(image, range) as AsyncIterable<Uint8Array>) {
    meter.update(chunk);
    parser.push(chunk);
  }
  parser.finish();
  return { digest: meter.digest(), copies: planImage(index.tree.root, archiveBytes).copies };
}

async function isSame(file: FileHandle, { from, to, bytes }: ChunkCopy): Promise<boolean> {
  const [original, copy] = [await readAll(file, from, bytes), await readAll(file, to, bytes)];
  return original.equals(copy);
}

const HOST_TROUBLE = /\b(?:EIO|EMFILE|ENFILE|ENOMEM|EACCES|EPERM)\b/;

function isHostTrouble(error: unknown): boolean {
  return HOST_TROUBLE.test(messageOf(error));
}

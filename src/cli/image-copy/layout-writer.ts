import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { open, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { type Digest, DigestMeter, parseDigest } from "#base/digest.ts";
import { InvalidArgument } from "#base/errors.ts";
import { writeFileAtomic } from "#base/fs.ts";
import type { Descriptor, Index } from "#spec/oci/manifest.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import type { BlobCopy, CopyDestination, Document } from "./types.ts";

/** Names of an image in an index: what is asked for by one of them replaces it. */
export type LayoutNames = Readonly<Record<string, string>>;
export const REF_NAME = "org.opencontainers.image.ref.name";

export function layoutPath(directory: string, digest: Digest): string {
  const { algorithm, hex } = parseDigest(digest);
  return join(directory, "blobs", algorithm, hex);
}

/**
 * An OCI layout in a directory, new or to be added to. Files get their names when they are whole and are what their
 * digest says.
 * @see https://github.com/opencontainers/image-spec/blob/main/image-layout.md
 */
export class LayoutDestination implements CopyDestination {
  readonly #directory: string;
  readonly #names: LayoutNames;

  /** @param names annotations of the image in the index */
  constructor(directory: string, names: LayoutNames) {
    this.#directory = directory;
    this.#names = names;
    mkdirSync(join(directory, "blobs", "sha256"), { recursive: true });
  }

  async missing(blobs: readonly Descriptor[]): Promise<Descriptor[]> {
    return blobs.filter(({ digest }) => !existsSync(layoutPath(this.#directory, digest)));
  }

  async put(copy: BlobCopy): Promise<string> {
    await writeBlob(layoutPath(this.#directory, copy.blob.digest), copy);
    return "Copied";
  }

  async putDocument({ descriptor, bytes }: Document): Promise<void> {
    const path = layoutPath(this.#directory, descriptor.digest);
    if (!existsSync(path)) writeFileAtomic(path, bytes);
  }

  async finish({ mediaType, digest, size }: Descriptor): Promise<void> {
    const annotations = Object.keys(this.#names).length > 0 ? { annotations: { ...this.#names } } : {};
    const before = readIndex(this.#directory)?.manifests ?? [];
    const kept = before.filter((known) => known.annotations?.[REF_NAME] !== this.#names[REF_NAME]);
    const index: Index = {
      schemaVersion: 2,
      mediaType: MEDIA_TYPE.ociIndex,
      manifests: [...kept, { mediaType, digest, size, ...annotations }],
    };
    writeFileAtomic(join(this.#directory, "oci-layout"), '{"imageLayoutVersion":"1.0.0"}');
    writeFileAtomic(join(this.#directory, "index.json"), JSON.stringify(index));
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

/** A blob as a file that gets its name when it is whole and what its digest says. @throws InvalidArgument else */
export async function writeBlob(path: string, { blob, source, onProgress }: BlobCopy): Promise<void> {
  const temporary = `${path}.part`;
  mkdirSync(dirname(path), { recursive: true });
  const meter = new DigestMeter(parseDigest(blob.digest).algorithm);
  try {
    await using file = await open(temporary, "w");
    for await (const chunk of source.read(blob, 0, blob.size)) {
      meter.update(chunk);
      await file.write(chunk);
      onProgress(meter.bytes);
    }
    checkContent(blob, meter);
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

function checkContent({ digest, size }: Descriptor, meter: DigestMeter): void {
  const found = meter.bytes === size ? meter.digest() : `${meter.bytes} bytes`;
  if (found !== digest)
    throw new InvalidArgument(`wrong content for ${digest} (${size} bytes): got ${found}`);
}

/** @returns undefined where there is none */
export function readIndex(directory: string): Index | undefined {
  const path = join(directory, "index.json");
  return existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Index) : undefined;
}

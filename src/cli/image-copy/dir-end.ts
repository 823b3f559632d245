/**
 * `dir:` of skopeo: a directory with the manifest, blobs named by the digits of their digest, and a file that says which
 * version of this it is.
 */
import { createReadStream, existsSync, mkdirSync, readdirSync, readFileSync, statSync } from "node:fs";
import { rm } from "node:fs/promises";
import { basename, join } from "node:path";
import { type Digest, parseDigest, sha256 } from "#base/digest.ts";
import { InvalidArgument, NotFound } from "#base/errors.ts";
import { writeFileAtomic } from "#base/fs.ts";
import type { ByteSource } from "#base/streams.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { parseManifest } from "#spec/oci/parse-manifest.ts";
import { writeBlob } from "./layout-writer.ts";
import type { BlobCopy, CopyDestination, CopySource, Document } from "./types.ts";

const VERSION_FILE = "version";
const VERSION_TEXT = "Directory Transport Version: 1.1\n";
const MANIFEST_FILE = "manifest.json";
const MAX_DOCUMENT_BYTES = 8 << 20;

/** The digits alone for sha256, as always; with the algorithm in front for others. */
function fileOf(directory: string, digest: Digest, ending = ""): string {
  const { algorithm, hex } = parseDigest(digest);
  return join(directory, `${algorithm === "sha256" ? "" : `${algorithm}-`}${hex}${ending}`);
}

export class DirSource implements CopySource {
  readonly #directory: string;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async root(): Promise<Document> {
    const path = join(this.#directory, MANIFEST_FILE);
    if (!existsSync(path))
      throw new NotFound(`${this.#directory} holds no image: there is no ${MANIFEST_FILE} in it`);
    const bytes = readDocument(path);
    const descriptor = { mediaType: mediaTypeOf(bytes, path), digest: sha256(bytes), size: bytes.byteLength };
    return { descriptor, bytes };
  }

  async document(descriptor: Descriptor): Promise<Document> {
    const path = fileOf(this.#directory, descriptor.digest, ".manifest.json");
    if (!existsSync(path)) throw new NotFound(`manifest ${descriptor.digest} is not in ${this.#directory}`);
    const bytes = readDocument(path);
    if (descriptor.digest.startsWith("sha256:") && sha256(bytes) !== descriptor.digest)
      throw new InvalidArgument(`${path}: wrong content for ${descriptor.digest}`);
    return { descriptor, bytes };
  }

  read({ digest }: Descriptor, offset: number, end: number): ByteSource {
    const path = fileOf(this.#directory, digest);
    if (!existsSync(path)) throw new NotFound(`content ${digest} is not in ${this.#directory}`);
    return createReadStream(path, { start: offset, end: end - 1, highWaterMark: 1 << 20 });
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

function readDocument(path: string): Uint8Array {
  const { size } = statSync(path);
  if (size > MAX_DOCUMENT_BYTES) throw new InvalidArgument(`${path}: ${size} bytes are no manifest`);
  return readFileSync(path);
}

/** What a manifest says of itself; OCI's need not. */
function mediaTypeOf(bytes: Uint8Array, path: string): string {
  const text = Buffer.from(bytes).toString("utf8");
  const parsed = parseManifest(text, "", path);
  const own = parsed.kind === "index" ? parsed.index.mediaType : parsed.manifest.mediaType;
  return own ?? (parsed.kind === "index" ? MEDIA_TYPE.ociIndex : MEDIA_TYPE.ociManifest);
}

/** Takes the place of what the directory held, as skopeo does it; other people's files are left alone. */
export class DirDestination implements CopyDestination {
  readonly #directory: string;
  readonly #written = new Set([VERSION_FILE, MANIFEST_FILE]);

  /** @throws InvalidArgument for a directory with other things in it */
  constructor(directory: string) {
    this.#directory = directory;
    mkdirSync(directory, { recursive: true });
    const isOurs = existsSync(join(directory, VERSION_FILE));
    if (!isOurs && readdirSync(directory).length > 0)
      throw new InvalidArgument(`${directory} is neither empty nor an image that was copied to a directory`);
  }

  async missing(blobs: readonly Descriptor[]): Promise<Descriptor[]> {
    for (const { digest } of blobs) this.#keep(fileOf(this.#directory, digest));
    return blobs.filter(({ digest, size }) => {
      const stat = statSync(fileOf(this.#directory, digest), { throwIfNoEntry: false });
      return stat?.size !== size;
    });
  }

  async put(copy: BlobCopy): Promise<string> {
    await writeBlob(fileOf(this.#directory, copy.blob.digest), copy);
    return "Copied";
  }

  async putDocument({ descriptor, bytes }: Document, isRoot: boolean): Promise<void> {
    if (isRoot) return writeFileAtomic(join(this.#directory, MANIFEST_FILE), bytes);
    const path = fileOf(this.#directory, descriptor.digest, ".manifest.json");
    this.#keep(path);
    writeFileAtomic(path, bytes);
  }

  /** What an image before this one left, which nothing names any more, goes. */
  async finish(): Promise<void> {
    writeFileAtomic(join(this.#directory, VERSION_FILE), VERSION_TEXT);
    const isOld = (name: string) => /^(?:sha512-)?[0-9a-f]{64,128}(?:\.manifest\.json)?$/.test(name);
    for (const name of readdirSync(this.#directory))
      if (isOld(name) && !this.#written.has(name)) await rm(join(this.#directory, name));
  }

  async [Symbol.asyncDispose](): Promise<void> {}

  #keep(path: string): void {
    this.#written.add(basename(path));
  }
}

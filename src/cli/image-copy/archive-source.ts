import { closeSync, createReadStream, createWriteStream, openSync, readSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { decompress, detectCompression, MAGIC_BYTES } from "#base/compress.ts";
import { DigestMeter, sha256 } from "#base/digest.ts";
import { InvalidArgument, NotFound } from "#base/errors.ts";
import { newId } from "#base/ids.ts";
import type { ByteSource } from "#base/streams.ts";
import { type ArchiveManifest, parseArchiveManifest } from "#spec/docker/archive-manifest.ts";
import type { Descriptor, Manifest } from "#spec/oci/manifest.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { ArchiveNames, type Extent } from "./archive-names.ts";
import { isSameName, onlyOne } from "./copy.ts";
import { type LayoutFiles, LayoutSource } from "./layout-source.ts";
import type { CopySource, Document } from "./types.ts";

/** A tar archive whose files can be read in any order. One that is compressed is unpacked to a file of ours first. */
class ArchiveFile implements AsyncDisposable {
  readonly name: string;
  readonly #path: string;
  readonly #isTemporary: boolean;
  readonly #names = new ArchiveNames();

  private constructor(name: string, path: string) {
    this.name = name;
    this.#path = path;
    this.#isTemporary = name !== path;
  }

  static async open(path: string): Promise<ArchiveFile> {
    const archive = new ArchiveFile(path, await plainFile(path));
    try {
      await archive.#readNames();
      return archive;
    } catch (error) {
      await archive[Symbol.asyncDispose]();
      throw error;
    }
  }

  async #readNames(): Promise<void> {
    for await (const chunk of createReadStream(this.#path, { highWaterMark: 1 << 20 }))
      this.#names.push(chunk as Uint8Array);
    this.#names.finish();
  }

  has(name: string): boolean {
    return this.#names.find(name) !== undefined;
  }

  get(name: string): Extent {
    return this.#names.get(name, this.name);
  }

  /** A small file whole. */
  bytes(name: string): Uint8Array {
    const { start, sizeBytes } = this.get(name);
    if (sizeBytes > MAX_DOCUMENT_BYTES)
      throw new InvalidArgument(`${name} in ${this.name} has ${sizeBytes} bytes, too many for a document`);
    const bytes = Buffer.alloc(sizeBytes);
    const file = openSync(this.#path, "r");
    try {
      for (let done = 0; done < sizeBytes; ) {
        const count = readSync(file, bytes, done, sizeBytes - done, start + done);
        if (count === 0) throw new InvalidArgument(`the archive ${this.name} is cut short`);
        done += count;
      }
      return bytes;
    } finally {
      closeSync(file);
    }
  }

  read(name: string, offset: number, end: number): ByteSource {
    const { start } = this.get(name);
    return createReadStream(this.#path, {
      start: start + offset,
      end: start + end - 1,
      highWaterMark: 1 << 20,
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#isTemporary) await rm(this.#path, { force: true });
  }
}

const MAX_DOCUMENT_BYTES = 8 << 20;

async function plainFile(path: string): Promise<string> {
  const head = new Uint8Array(await Bun.file(path).slice(0, MAGIC_BYTES).arrayBuffer());
  if (detectCompression(head) === "none") return path;
  const temporary = join(tmpdir(), `wharf-copy-${newId().slice(0, 12)}.tar`);
  try {
    const plain = decompress(createReadStream(path, { highWaterMark: 1 << 20 }));
    await pipeline(plain, createWriteStream(temporary, { flags: "wx", mode: 0o600 }));
    return temporary;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error;
  }
}

/** An image of an archive: an OCI layout where there is one in it, else Docker's own format. */
export async function openArchive(path: string, name: string | undefined): Promise<CopySource> {
  const archive = await ArchiveFile.open(path);
  const inner = archive.has("index.json")
    ? new LayoutSource(layoutFiles(archive), name)
    : await dockerSource(archive, name);
  return {
    root: () => inner.root(),
    document: (descriptor) => inner.document(descriptor),
    read: (blob, offset, end) => inner.read(blob, offset, end),
    [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose](),
  };
}

function layoutFiles(archive: ArchiveFile): LayoutFiles {
  const nameOf = (digest: string) => `blobs/${digest.replace(":", "/")}`;
  return {
    name: archive.name,
    text: (name) => (archive.has(name) ? Buffer.from(archive.bytes(name)).toString("utf8") : undefined),
    bytes: (digest) => archive.bytes(nameOf(digest)),
    read: (digest, offset, end) => archive.read(nameOf(digest), offset, end),
  };
}

/** Docker's format has no manifest: one is made that names the layers as they are. */
async function dockerSource(
  archive: ArchiveFile,
  name: string | undefined,
): Promise<Pick<CopySource, "root" | "document" | "read">> {
  if (!archive.has("manifest.json"))
    throw new NotFound(
      `${archive.name} is no archive of images: neither index.json nor manifest.json is in it`,
    );
  const text = Buffer.from(archive.bytes("manifest.json")).toString("utf8");
  const image = chooseImage(text, archive.name, name);
  const files = new Map<string, string>();
  const config = await describe(archive, image.config, files);
  const layers: Descriptor[] = [];
  for (const layer of image.layers) layers.push(await describe(archive, layer, files));
  const root = documentOf({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.ociManifest,
    config: { ...config, mediaType: MEDIA_TYPE.ociConfig },
    layers,
  });
  return {
    root: async () => root,
    document: async ({ digest }) => {
      throw new NotFound(`manifest ${digest} is not in ${archive.name}`);
    },
    read: ({ digest }, offset, end) => archive.read(files.get(digest)!, offset, end),
  };
}

/** @param text of manifest.json @throws InvalidArgument; NotFound with what is there instead */
export function chooseImage(text: string, archive: string, name: string | undefined): ArchiveManifest {
  const all = parseArchiveManifest(text, `manifest.json of ${archive}`);
  const found =
    name === undefined ? all : all.filter(({ repoTags }) => repoTags.some((tag) => isSameName(tag, name)));
  const what = name === undefined ? archive : `${name} in ${archive}`;
  return onlyOne(
    found,
    what,
    all.flatMap(({ repoTags }) => repoTags),
  );
}

function documentOf(manifest: Manifest): Document {
  const bytes = Buffer.from(JSON.stringify(manifest));
  const descriptor = { mediaType: manifest.mediaType!, digest: sha256(bytes), size: bytes.byteLength };
  return { descriptor, bytes };
}

const LAYER_TYPE = {
  none: MEDIA_TYPE.ociLayer,
  gzip: MEDIA_TYPE.ociLayerGzip,
  zstd: MEDIA_TYPE.ociLayerZstd,
} as const;

/** @param files gets the name under the digest found */
async function describe(archive: ArchiveFile, name: string, files: Map<string, string>): Promise<Descriptor> {
  const { sizeBytes } = archive.get(name);
  const meter = new DigestMeter();
  let head: Uint8Array = new Uint8Array();
  for await (const chunk of sizeBytes > 0 ? archive.read(name, 0, sizeBytes) : []) {
    if (meter.bytes === 0) head = chunk.subarray(0, MAGIC_BYTES);
    meter.update(chunk);
  }
  const digest = meter.digest();
  files.set(digest, name);
  const mediaType = LAYER_TYPE[detectCompression(head) as keyof typeof LAYER_TYPE];
  if (!mediaType) throw new InvalidArgument(`${name} in ${archive.name} is compressed in an unknown way`);
  return { mediaType, digest, size: sizeBytes };
}

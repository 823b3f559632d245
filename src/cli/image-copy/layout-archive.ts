/** Layouts on their way through tar: archives that are written, and what an engine is given to load. */
import {
  createReadStream,
  createWriteStream,
  mkdtempSync,
  readdirSync,
  readFileSync,
  statSync,
} from "node:fs";
import { rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { pipeline } from "node:stream/promises";
import { type TarMemberSource, writeTar } from "#base/tar-write.ts";
import type { Descriptor, Manifest } from "#spec/oci/manifest.ts";
import { parseManifest } from "#spec/oci/parse-manifest.ts";
import { canRun } from "#spec/select-manifest.ts";
import { HOST_PLATFORM } from "../commands/_platform.ts";
import { LayoutDestination, type LayoutNames, layoutPath } from "./layout-writer.ts";
import type { BlobCopy, CopyDestination, Document } from "./types.ts";

export interface ArchiveOptions {
  /** The archive; what comes in is collected beside it. */
  readonly path: string;
  readonly names: LayoutNames;
  /** "name:tag" for the part that Docker of old reads; absent: that part is left out. */
  readonly dockerTags?: readonly string[];
}

/** `oci-archive:` and `docker-archive:`: a layout is made beside the archive, then packed. */
export class ArchiveDestination implements CopyDestination {
  readonly #options: ArchiveOptions;
  readonly #directory: string;
  readonly #layout: LayoutDestination;

  constructor(options: ArchiveOptions) {
    this.#options = options;
    this.#directory = mkdtempSync(join(dirname(options.path), `.${basename(options.path)}.`));
    this.#layout = new LayoutDestination(this.#directory, options.names);
  }

  missing(blobs: readonly Descriptor[]): Promise<Descriptor[]> {
    return this.#layout.missing(blobs);
  }

  put(copy: BlobCopy): Promise<string> {
    return this.#layout.put(copy);
  }

  putDocument(document: Document): Promise<void> {
    return this.#layout.putDocument(document);
  }

  async finish(root: Descriptor): Promise<void> {
    await this.#layout.finish(root);
    const temporary = `${this.#directory}.tar`;
    try {
      const archive = packLayout(this.#directory, root, this.#options.dockerTags);
      await pipeline(archive, createWriteStream(temporary, { flags: "wx" }));
      await rename(temporary, this.#options.path);
    } finally {
      await rm(temporary, { force: true });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}

/** A layout as a tar archive, documents first, in the order of names. */
export function packLayout(
  directory: string,
  root: Descriptor,
  dockerTags: readonly string[] | undefined,
): AsyncGenerator<Uint8Array> {
  return writeTar(members(directory, dockerTags && dockerManifest(directory, root, dockerTags)));
}

function* members(directory: string, manifest: string | undefined): Generator<TarMemberSource> {
  const document = (name: string, body: Uint8Array): TarMemberSource => ({
    header: { name, type: "file", mode: 0o644, sizeBytes: body.byteLength },
    body,
  });
  for (const name of ["oci-layout", "index.json"]) yield document(name, readFileSync(join(directory, name)));
  if (manifest !== undefined) yield document("manifest.json", Buffer.from(manifest));
  for (const algorithm of readdirSync(join(directory, "blobs")).toSorted())
    for (const hex of readdirSync(join(directory, "blobs", algorithm)).toSorted()) {
      const path = join(directory, "blobs", algorithm, hex);
      const sizeBytes = statSync(path).size;
      const name = `blobs/${algorithm}/${hex}`;
      yield { header: { name, type: "file", mode: 0o644, sizeBytes }, body: createReadStream(path) };
    }
}

/**
 * The file Docker's own format begins with. That format has one platform: of an image for several it names the one this
 * machine runs, as `docker save` does, while the layout beside it has them all.
 */
function dockerManifest(directory: string, root: Descriptor, tags: readonly string[]): string | undefined {
  const manifest = manifestOf(directory, root);
  const nameOf = ({ digest }: Descriptor) => `blobs/${digest.replace(":", "/")}`;
  if (!manifest) return undefined;
  return JSON.stringify([
    { Config: nameOf(manifest.config), RepoTags: tags, Layers: manifest.layers.map(nameOf) },
  ]);
}

/** @returns undefined where nothing is for this machine */
function manifestOf(directory: string, root: Descriptor): Manifest | undefined {
  let descriptor = root;
  for (let depth = 0; depth <= MAX_INDEX_DEPTH; depth++) {
    const text = readFileSync(layoutPath(directory, descriptor.digest), "utf8");
    const parsed = parseManifest(text, descriptor.mediaType, `manifest ${descriptor.digest}`);
    if (parsed.kind === "manifest") return parsed.manifest;
    const own = parsed.index.manifests.find(({ platform }) => platform && canRun(HOST_PLATFORM, platform));
    if (!own) return undefined;
    descriptor = own;
  }
  return undefined;
}

const MAX_INDEX_DEPTH = 3;

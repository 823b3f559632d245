import { mkdtempSync } from "node:fs";
import { rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { NotFound } from "#base/errors.ts";
import type { ByteSource } from "#base/streams.ts";
import type { Client } from "#client/client.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import { canonicalReference, familiarReference, parseReference, withDefaultTag } from "#spec/reference.ts";
import { CliError } from "../errors.ts";
import { openArchive } from "./archive-source.ts";
import { packLayout } from "./layout-archive.ts";
import { LayoutDestination, REF_NAME } from "./layout-writer.ts";
import type { BlobCopy, CopyDestination, CopySource, Document } from "./types.ts";

/** An engine's image: part by part from a wharf, as one archive from others. */
export async function openEngineSource(client: Client, name: string): Promise<CopySource> {
  const target = await client.images.target(name).catch(async (error) => {
    if (!(error instanceof NotFound)) throw error;
    await client.images.inspect(name); // an image that is not there is an error, an engine without this call is none
    return undefined;
  });
  return target ? new EngineSource(client, target) : await openSaved(client, name);
}

class EngineSource implements CopySource {
  readonly #client: Client;
  readonly #target: Descriptor;

  constructor(client: Client, target: Descriptor) {
    this.#client = client;
    this.#target = target;
  }

  async root(): Promise<Document> {
    return await this.document(this.#target);
  }

  async document(descriptor: Descriptor): Promise<Document> {
    const bytes = Buffer.concat(await Array.fromAsync(this.read(descriptor, 0, descriptor.size)));
    return { descriptor, bytes };
  }

  async *read({ digest }: Descriptor, offset: number, end: number): ByteSource & AsyncGenerator<Uint8Array> {
    const response = await this.#client.images.content(digest, offset);
    let left = end - offset;
    for await (const piece of response.pieces()) {
      yield piece.subarray(0, Math.min(piece.byteLength, left));
      left -= piece.byteLength;
      if (left <= 0) break;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {}
}

async function openSaved(client: Client, name: string): Promise<CopySource> {
  const directory = mkdtempSync(join(tmpdir(), "wharf-copy-"));
  const remove = () => rm(directory, { recursive: true, force: true });
  try {
    const path = join(directory, "image.tar");
    const archive = await client.images.save([name]);
    await Bun.write(path, new Response(archive.pieces() as unknown as ReadableStream));
    const inner = await openArchive(path, undefined);
    return {
      root: () => inner.root(),
      document: (descriptor) => inner.document(descriptor),
      read: (blob, offset, end) => inner.read(blob, offset, end),
      async [Symbol.asyncDispose]() {
        await inner[Symbol.asyncDispose]();
        await remove();
      },
    };
  } catch (error) {
    await remove();
    throw error;
  }
}

/** What such a dockerd says of its storage driver. */
const CONTAINERD_STORE = "io.containerd.snapshotter.v1";

/**
 * An engine that shall have an image: it is given an archive of what it does not have yet. What it has may go between
 * question and answer, but an image that is not whole is refused, and asking again helps.
 */
export class EngineDestination implements CopyDestination {
  readonly #client: Client;
  readonly #name: string;
  readonly #directory: string;
  readonly #layout: LayoutDestination;

  constructor(client: Client, name: string) {
    const reference = withDefaultTag(parseReference(name));
    this.#client = client;
    this.#name = familiarReference(reference);
    this.#directory = mkdtempSync(join(tmpdir(), "wharf-copy-"));
    this.#layout = new LayoutDestination(this.#directory, {
      "io.containerd.image.name": canonicalReference(reference),
      [REF_NAME]: reference.tag ?? "",
    });
  }

  /** A wharf takes it whole, and so does a dockerd that keeps its images in containerd; the older store has no indexes. */
  async refusesIndex(): Promise<string | undefined> {
    const isWharf = await this.#client.images.missingContent([]).then(
      () => true,
      (error) => {
        if (error instanceof NotFound) return false;
        throw error;
      },
    );
    if (isWharf) return undefined;
    const { ServerVersion, DriverStatus = [] } = await this.#client.system.info();
    if (DriverStatus?.some(([, value]) => value === CONTAINERD_STORE)) return undefined;
    return (
      `the engine (${ServerVersion}) keeps one platform of an image: say which with --platform, ` +
      "or switch it to the containerd image store"
    );
  }

  async missing(blobs: readonly Descriptor[]): Promise<Descriptor[]> {
    const digests = blobs.map(({ digest }) => digest);
    const missing = await this.#client.images.missingContent(digests).catch((error) => {
      if (error instanceof NotFound) return digests; // not a wharf: it gets all
      throw error;
    });
    return blobs.filter(({ digest }) => missing.includes(digest));
  }

  put(copy: BlobCopy): Promise<string> {
    return this.#layout.put(copy);
  }

  putDocument(document: Document): Promise<void> {
    return this.#layout.putDocument(document);
  }

  async finish(root: Descriptor): Promise<void> {
    await this.#layout.finish(root);
    const archive = packLayout(this.#directory, root, [this.#name]);
    for await (const { error, errorDetail } of this.#client.images.load(archive, { quiet: true }))
      if (error ?? errorDetail) throw new CliError(errorDetail?.message ?? error!);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.#directory, { recursive: true, force: true });
  }
}

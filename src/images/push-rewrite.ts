import type { Digest } from "#base/digest.ts";
import type { Descriptor, Index } from "#spec/oci/manifest.ts";
import type { ContentStore, Lease } from "#storage/types.ts";
import { putDocument, withCompressedLayers } from "./push-compress.ts";
import type { PushDocument, PushImage, PushSource } from "./push-source.ts";
import type { ImageRecords } from "./records.ts";

/** A push with other layers than it had, and what became of each manifest and index that names them. */
export interface Rewritten {
  readonly source: PushSource;
  /** Digest before → what it is now. */
  readonly images: ReadonlyMap<Digest, PushImage>;
  readonly documents: ReadonlyMap<Digest, PushDocument>;
}

/** Puts compressed layers in the place of plain ones: in manifests, and so in the indexes that list these. */
export async function rewrite(
  content: Pick<ContentStore, "put">,
  source: PushSource,
  compressed: ReadonlyMap<Digest, Descriptor>,
  lease: Lease,
): Promise<Rewritten> {
  const images = new Map<Digest, PushImage>();
  const documents = new Map<Digest, PushDocument>();
  for (const image of source.images) {
    if (!image.layers.some(({ blob }) => compressed.has(blob.digest))) continue;
    const made = await withCompressedLayers(content, image, compressed, lease);
    images.set(image.document.descriptor.digest, made);
    documents.set(image.document.descriptor.digest, made.document);
  }
  // inner indexes come before those that list them
  for (const index of source.indexes) {
    const made = await rewriteIndex(content, index, documents, lease);
    if (made) documents.set(index.descriptor.digest, made);
  }
  const now = (document: PushDocument) => documents.get(document.descriptor.digest) ?? document;
  return {
    source: {
      ...source,
      root: now(source.root),
      indexes: source.indexes.map(now),
      images: source.images.map((image) => images.get(image.document.descriptor.digest) ?? image),
    },
    images,
    documents,
  };
}

async function rewriteIndex(
  content: Pick<ContentStore, "put">,
  { descriptor, text: before }: PushDocument,
  documents: ReadonlyMap<Digest, PushDocument>,
  lease: Lease,
): Promise<PushDocument | undefined> {
  const index = JSON.parse(before) as Index; // it was read before; fields we do not know stay in it
  if (!index.manifests.some((entry) => documents.has(entry.digest))) return undefined;
  const manifests = index.manifests.map((entry) => {
    const made = documents.get(entry.digest)?.descriptor;
    return made ? { ...entry, digest: made.digest, size: made.size } : entry;
  });
  return await putDocument(content, descriptor.mediaType, { ...index, manifests }, lease);
}

/** From now on images and names here are what was pushed, so that the next push only asks. Within a transaction. */
export function recordRewritten(records: ImageRecords, { images, documents }: Rewritten): void {
  for (const image of records.images()) {
    const made = images.get(image.manifest.digest);
    if (!made) continue;
    const layers = made.layers.map(({ blob }) => blob);
    records.putImage({ ...image, manifest: made.document.descriptor, layers });
  }
  for (const reference of records.references()) {
    const made = documents.get(reference.target.digest);
    if (made) records.retarget(reference, made.descriptor);
  }
}

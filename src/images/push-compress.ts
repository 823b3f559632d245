import { type Digest, sha256 } from "#base/digest.ts";
import type { Descriptor, Index, Manifest } from "#spec/oci/manifest.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import type { BlobInfo, ContentStore, LayerCompressor, Lease } from "#storage/types.ts";
import type { PushLayer } from "./push-plan.ts";
import type { PushDocument, PushImage } from "./push-source.ts";
import type { ImageRecord } from "./types.ts";

export type PushCompression = "gzip" | "zstd";

/** A manifest of Docker's names its layers in Docker's way. */
const LAYER_TYPE = {
  oci: { gzip: MEDIA_TYPE.ociLayerGzip, zstd: MEDIA_TYPE.ociLayerZstd },
  docker: { gzip: MEDIA_TYPE.dockerLayerGzip, zstd: MEDIA_TYPE.dockerLayerZstd },
} as const;

function layerType(plain: Descriptor, compression: PushCompression): string {
  return LAYER_TYPE[plain.mediaType === MEDIA_TYPE.dockerLayer ? "docker" : "oci"][compression];
}

export interface CompressDeps {
  readonly content: Pick<ContentStore, "ingest" | "info" | "path" | "put">;
  readonly compressor: LayerCompressor;
  /** What other images may already have compressed. */
  readonly images: () => readonly Pick<ImageRecord, "config" | "layers">[];
}

export interface CompressRequest {
  readonly layer: PushLayer;
  readonly compression: PushCompression;
  readonly lease: Lease;
  readonly onProgress: (doneBytes: number) => void;
  readonly signal: AbortSignal;
}

/** A plain layer's compressed form in the store: another image's where there is one, else made now. */
export async function compressedLayer(deps: CompressDeps, request: CompressRequest): Promise<Descriptor> {
  const { layer, compression } = request;
  const mediaType = layerType(layer.blob, compression);
  const known = findCompressed(deps, layer.diffId, mediaType);
  if (known) {
    request.lease.add(known.digest);
    return known;
  }
  const { digest, sizeBytes } = await compress(deps, request);
  return { mediaType, digest, size: sizeBytes };
}

function findCompressed(
  { images, content }: CompressDeps,
  diffId: Digest | undefined,
  mediaType: string,
): Descriptor | undefined {
  for (const { config, layers } of diffId ? images() : []) {
    const blob = layers[config.rootfs.diff_ids.indexOf(diffId!)];
    if (blob?.mediaType === mediaType && content.info(blob.digest)) return blob;
  }
  return undefined;
}

/** What is cut short is of no use: nobody could go on in the middle. */
async function compress(
  { content, compressor }: CompressDeps,
  { layer, compression, lease, onProgress, signal }: CompressRequest,
): Promise<BlobInfo> {
  const { digest, size } = layer.blob;
  await using ingest = await content.ingest(`compress ${compression} ${digest}`);
  if (ingest.offset > 0) await ingest.restart();
  const source = content.path(digest);
  try {
    const pieces = compressor.compress({ source, sizeBytes: size, compression, onProgress, signal });
    for await (const piece of pieces) await ingest.write(piece);
    lease.add(ingest.digest()); // before it is visible: from then on a collection may find it
    return await ingest.commit();
  } catch (error) {
    await ingest.abort();
    throw error;
  }
}

/** The image with these layers in place of those, under a manifest that says so. */
export async function withCompressedLayers(
  content: Pick<ContentStore, "put">,
  image: PushImage,
  compressed: ReadonlyMap<Digest, Descriptor>,
  lease: Lease,
): Promise<PushImage> {
  const layers = image.layers.map(({ blob, diffId }) => ({
    blob: compressed.get(blob.digest) ?? blob,
    diffId,
  }));
  const manifest: Manifest = { ...image.manifest, layers: layers.map(({ blob }) => blob) };
  const { mediaType } = image.document.descriptor;
  return { document: await putDocument(content, mediaType, manifest, lease), manifest, layers };
}

/** A document made here, leased before it is visible. */
export async function putDocument(
  content: Pick<ContentStore, "put">,
  mediaType: string,
  value: Manifest | Index,
  lease: Lease,
): Promise<PushDocument> {
  const text = JSON.stringify(value);
  const digest = sha256(text);
  lease.add(digest);
  await content.put(text);
  return { descriptor: { mediaType, digest, size: Buffer.byteLength(text) }, text };
}

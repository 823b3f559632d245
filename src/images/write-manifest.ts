import { open } from "node:fs/promises";
import { type Compression, detectCompression, MAGIC_BYTES } from "#base/compress.ts";
import { sha256 } from "#base/digest.ts";
import { NotImplemented } from "#base/errors.ts";
import type { Descriptor, Manifest } from "#spec/oci/manifest.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import type { BlobInfo, ContentStore, Lease } from "#storage/types.ts";

const LAYER_TYPE: Readonly<Partial<Record<Compression, string>>> = {
  none: MEDIA_TYPE.ociLayer,
  gzip: MEDIA_TYPE.ociLayerGzip,
  zstd: MEDIA_TYPE.ociLayerZstd,
};

/**
 * Gives an image the manifest it came without, as from Docker's archives, imports and commits.
 * @param image blobs that are in the store, layers lowest first; `below` are those another manifest described already
 * @throws NotImplemented for a layer compressed in a way we do not read
 */
export async function writeManifest(
  content: Pick<ContentStore, "put" | "path">,
  image: {
    readonly config: BlobInfo;
    readonly below?: readonly Descriptor[];
    readonly layers: readonly BlobInfo[];
  },
  lease: Lease,
): Promise<{ readonly descriptor: Descriptor; readonly manifest: Manifest }> {
  const manifest: Manifest = {
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.ociManifest,
    config: descriptorOf(MEDIA_TYPE.ociConfig, image.config),
    layers: [
      ...(image.below ?? []).map(inOciTerms),
      ...(await Promise.all(
        image.layers.map(async (layer) => descriptorOf(await layerType(content.path(layer.digest)), layer)),
      )),
    ],
  };
  const text = JSON.stringify(manifest);
  lease.add(sha256(text));
  const digest = await content.put(text);
  const sizeBytes = Buffer.byteLength(text);
  return { descriptor: descriptorOf(MEDIA_TYPE.ociManifest, { digest, sizeBytes }), manifest };
}

function descriptorOf(mediaType: string, { digest, sizeBytes }: BlobInfo): Descriptor {
  return { mediaType, digest, size: sizeBytes };
}

/** Docker's names for layers do not belong in an OCI manifest. */
function inOciTerms({ mediaType, digest, size }: Descriptor): Descriptor {
  return { mediaType: OCI_TYPE[mediaType] ?? mediaType, digest, size };
}

const OCI_TYPE: Readonly<Record<string, string>> = {
  [MEDIA_TYPE.dockerLayer]: MEDIA_TYPE.ociLayer,
  [MEDIA_TYPE.dockerLayerGzip]: MEDIA_TYPE.ociLayerGzip,
  [MEDIA_TYPE.dockerLayerZstd]: MEDIA_TYPE.ociLayerZstd,
};

async function layerType(path: string): Promise<string> {
  await using file = await open(path, "r");
  const { buffer, bytesRead } = await file.read(new Uint8Array(MAGIC_BYTES), 0, MAGIC_BYTES, 0);
  const compression = detectCompression(buffer.subarray(0, bytesRead));
  const type = LAYER_TYPE[compression];
  if (!type)
    throw new NotImplemented(`layers compressed with ${compression} are not supported`, {
      hint: "compress with gzip or zstd, or not at all",
    });
  return type;
}

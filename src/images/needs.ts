import type { Digest } from "#base/digest.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import type { LayerInfo } from "#storage/types.ts";
import type { ImageRecord } from "./types.ts";

type LayerOf = (chainId: Digest) => Pick<LayerInfo, "chainId" | "parent"> | undefined;

export interface NeedsFacts {
  /** What the image's names point at: manifests, indexes. */
  readonly targets: readonly Digest[];
  readonly layerOf: LayerOf;
}

/** What an image keeps in the store. An uncompressed lowest layer is a blob and a layer under the same digest. */
export interface Needs {
  /** chainIDs. */
  readonly layers: ReadonlySet<Digest>;
  readonly blobs: ReadonlySet<Digest>;
}

export function needsOf(
  { id, manifest, layers, chainId }: Pick<ImageRecord, "id" | "manifest" | "layers" | "chainId">,
  { targets, layerOf }: NeedsFacts,
): Needs {
  const ofLayers = layers.map(({ digest }: Descriptor) => digest);
  return {
    layers: new Set(chainOf(chainId, layerOf)),
    blobs: new Set([id, manifest.digest, ...ofLayers, ...targets]),
  };
}

/** chainIDs of the layers of a stack that are here, topmost first. */
export function* chainOf(top: Digest | undefined, layerOf: LayerOf): Generator<Digest> {
  for (let layer = top && layerOf(top); layer; layer = layer.parent ? layerOf(layer.parent) : undefined)
    yield layer.chainId;
}

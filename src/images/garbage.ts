import type { Digest } from "#base/digest.ts";
import type { ImageRecords } from "./records.ts";

/**
 * What images need of the store: configs, manifests, indexes, blobs of layers, and the chainIDs of top layers. All else
 * may go, unless a lease or a container holds it.
 */
export function rootsOf(records: Pick<ImageRecords, "images" | "references">): Digest[] {
  const ofImages = records
    .images()
    .flatMap(({ id, manifest, layers, chainId }) => [
      id,
      manifest.digest,
      ...layers.map(({ digest }) => digest),
      ...(chainId ? [chainId] : []),
    ]);
  return [...ofImages, ...records.references().map(({ target }) => target.digest)];
}

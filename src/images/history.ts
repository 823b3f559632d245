import type { Digest } from "#base/digest.ts";
import type { ImageHistoryItem } from "#spec/docker/images.ts";
import { chainOnto } from "#storage/layer/chain-id.ts";
import { historySteps } from "./config.ts";
import type { ImageView } from "./types.ts";

/**
 * `docker history`, newest first. Only the top has the image's id and tags: the images it was built from are not here.
 * @param layerBytes unpacked size of the layer with this chainID
 */
export function imageHistory(image: ImageView, layerBytes: (chainId: Digest) => number): ImageHistoryItem[] {
  const sizes = layerSizes(image, layerBytes);
  const items = historySteps(image.config).map(({ entry, layer }) => ({
    Id: "<missing>",
    Created: Math.floor(Date.parse(entry.created ?? "") / 1000) || 0,
    CreatedBy: entry.created_by ?? "",
    Tags: null,
    Size: layer === undefined ? 0 : sizes[layer]!,
    Comment: entry.comment ?? "",
  }));
  const [top, ...below] = items.reverse();
  if (!top) return [];
  return [{ ...top, Id: image.id, Tags: image.repoTags.length > 0 ? [...image.repoTags] : null }, ...below];
}

function layerSizes(image: ImageView, layerBytes: (chainId: Digest) => number): number[] {
  let chain: Digest | undefined;
  return image.config.rootfs.diff_ids.map((diffId) => {
    chain = chainOnto(chain, diffId);
    return layerBytes(chain);
  });
}

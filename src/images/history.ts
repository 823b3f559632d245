import type { Digest } from "#base/digest.ts";
import type { ImageHistoryItem } from "#spec/docker/images.ts";
import { chainOnto } from "#storage/layer/chain-id.ts";
import { historySteps } from "./config.ts";
import type { ImageRecords } from "./records.ts";
import type { ImageRecord, ImageView } from "./types.ts";

/**
 * `docker history`, newest first. The top has the image's id and tags, and those below the ids of the images it was made
 * of here, one each as in Docker; what was made elsewhere has none.
 * @param layerBytes unpacked size of the layer with this chainID
 * @param ancestors nearest first
 */
export function imageHistory(
  image: ImageView,
  layerBytes: (chainId: Digest) => number,
  ancestors: readonly ImageView[] = [],
): ImageHistoryItem[] {
  const sizes = layerSizes(image, layerBytes);
  const items = historySteps(image.config).map(({ entry, layer }) => ({
    Id: "<missing>",
    Created: Math.floor(Date.parse(entry.created ?? "") / 1000) || 0,
    CreatedBy: entry.created_by ?? "",
    Tags: null,
    Size: layer === undefined ? 0 : sizes[layer]!,
    Comment: entry.comment ?? "",
  }));
  const known = [image, ...ancestors];
  return items.reverse().map((item, index) => {
    const made = known[index];
    if (!made) return item;
    return { ...item, Id: made.id, Tags: made.repoTags.length > 0 ? [...made.repoTags] : null };
  });
}

function layerSizes(image: ImageView, layerBytes: (chainId: Digest) => number): number[] {
  let chain: Digest | undefined;
  return image.config.rootfs.diff_ids.map((diffId) => {
    chain = chainOnto(chain, diffId);
    return layerBytes(chain);
  });
}

/** The images here that an image was made of, nearest first. */
export function ancestorsOf(image: ImageRecord, records: Pick<ImageRecords, "image" | "view">): ImageView[] {
  const found: ImageView[] = [];
  for (let id = image.parent; id !== undefined; id = found.at(-1)!.parent) {
    const parent = records.image(id);
    if (!parent || found.some((known) => known.id === id)) break;
    found.push(records.view(parent));
  }
  return found;
}

import type { Snapshotter } from "#storage/types.ts";
import { asListed } from "./made-for.ts";
import type { LayerPlan } from "./pull-plan.ts";
import type { ImageSource } from "./pull-target.ts";
import type { ImageRecord } from "./types.ts";

/** The record of an image whose layers are all here. */
export function imageRecordOf(
  source: ImageSource,
  stack: readonly LayerPlan[],
  snapshotter: Pick<Snapshotter, "layer">,
): ImageRecord {
  const sizes = stack.map(({ chainId }) => snapshotter.layer(chainId)?.sizeBytes ?? 0);
  const record = {
    id: source.imageId,
    config: source.config,
    chainId: stack.at(-1)?.chainId,
    layers: stack.map(({ blob }) => blob),
    manifest: source.manifestDescriptor,
    sizeBytes: sizes.reduce((sum, size) => sum + size, 0),
    lastTagTime: "",
    parent: undefined,
  };
  return asListed(record, source.listedAs);
}

import type { Digest } from "#base/digest.ts";
import type { ContainerConfig } from "#spec/docker/containers.ts";
import type { HistoryEntry, ImageConfig } from "#spec/oci/image.ts";
import type { Platform } from "#spec/oci/manifest.ts";

/** When the image was built, in milliseconds since 1970; far in the past when it does not say. */
export function createdMs(config: ImageConfig): number {
  const parsed = Date.parse(config.created ?? "");
  return Number.isNaN(parsed) ? NO_TIME_MS : parsed;
}

/** Docker's zero time, 0001-01-01. */
const NO_TIME_MS = -62_135_596_800_000;

/** The configuration of an image of one new layer without a parent. */
export function singleLayerConfig(image: {
  readonly platform: Platform;
  readonly diffId: Digest;
  /** RFC 3339 */
  readonly created: string;
  readonly comment: string;
  readonly config: ContainerConfig;
}): ImageConfig {
  const { platform, diffId, created, comment, config } = image;
  return {
    architecture: platform.architecture,
    os: platform.os,
    ...(platform.variant ? { variant: platform.variant } : {}),
    created,
    comment,
    config,
    rootfs: { type: "layers", diff_ids: [diffId] },
    history: [{ created, comment }],
  };
}

/** A history entry and the layer it made: none where the entry changed only the configuration. */
export interface HistoryStep {
  readonly entry: HistoryEntry;
  /** Index into the image's layers. */
  readonly layer: number | undefined;
}

/** The history beside the layers, oldest first. Layers nobody wrote history for come last, without words. */
export function historySteps(config: ImageConfig): HistoryStep[] {
  const layerCount = config.rootfs.diff_ids.length;
  let next = 0;
  const steps = (config.history ?? []).map((entry): HistoryStep => {
    const hasLayer = entry.empty_layer !== true && next < layerCount;
    return { entry, layer: hasLayer ? next++ : undefined };
  });
  while (next < layerCount) steps.push({ entry: {}, layer: next++ });
  return steps;
}

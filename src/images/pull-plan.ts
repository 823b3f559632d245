import type { Digest } from "#base/digest.ts";
import { InvalidArgument, NotImplemented } from "#base/errors.ts";
import type { ImageConfig } from "#spec/oci/image.ts";
import type { Descriptor, Manifest } from "#spec/oci/manifest.ts";
import { mediaKind } from "#spec/oci/media-types.ts";
import { chainOnto } from "#storage/layer/chain-id.ts";

/** One layer of an image and its place in the stack. */
export interface LayerPlan {
  readonly blob: Descriptor;
  readonly diffId: Digest;
  readonly chainId: Digest;
  /** chainID of the layers below; absent for the lowest. */
  readonly parent: Digest | undefined;
}

/** As many as an overlay file system can stack. */
export const MAX_LAYERS = 127;

/**
 * The layers of an image, lowest first.
 * @throws InvalidArgument when manifest and configuration disagree or there are too many layers
 * @throws NotImplemented for layers that are not ours to fetch or of an unknown kind
 */
export function planLayers(
  manifest: Pick<Manifest, "layers">,
  config: ImageConfig,
  what: string,
): LayerPlan[] {
  const { layers } = manifest;
  const diffIds = config.rootfs.diff_ids;
  if (layers.length !== diffIds.length)
    throw new InvalidArgument(
      `${what}: the manifest has ${layers.length} layers, the image configuration ${diffIds.length}`,
    );
  if (layers.length > MAX_LAYERS)
    throw new InvalidArgument(`${what}: max depth exceeded: ${layers.length} layers, at most ${MAX_LAYERS}`);
  let parent: Digest | undefined;
  return layers.map((blob, index) => {
    checkLayerType(blob, what);
    const diffId = diffIds[index]!;
    const plan = { blob, diffId, chainId: chainOnto(parent, diffId), parent };
    parent = plan.chainId;
    return plan;
  });
}

function checkLayerType({ mediaType, digest }: Descriptor, what: string): void {
  const kind = mediaKind(mediaType);
  if (kind === "layer") return;
  const reason =
    kind === "foreignLayer"
      ? "must be fetched from elsewhere, which is not done"
      : "is of an unsupported kind";
  throw new NotImplemented(`${what}: layer ${digest} ${reason} (${mediaType})`, {
    hint: "only images for Linux, made of tar layers, can be used",
  });
}

import type { ImageView } from "#images/types.ts";
import type { ImageIdentity, ImageManifestSummary } from "#spec/docker/images.ts";
import { parseReference, repositoryName } from "#spec/reference.ts";

/**
 * Where an image came from, which no tag can change: the repositories it was pulled from or pushed to, by the digests it
 * has there. @returns undefined for one that was only made or loaded here
 */
export function imageIdentity({ repoDigests }: Pick<ImageView, "repoDigests">): ImageIdentity | undefined {
  const repositories = new Set(repoDigests.map((name) => repositoryName(parseReference(name))));
  return repositories.size > 0
    ? { Pull: [...repositories].map((Repository) => ({ Repository })) }
    : undefined;
}

/** The same said of each of an image's manifests that is here. */
export function withIdentity(
  manifests: readonly ImageManifestSummary[],
  identity: ImageIdentity | undefined,
): ImageManifestSummary[] {
  return manifests.map((manifest) =>
    identity && manifest.ImageData && manifest.Available
      ? { ...manifest, ImageData: { ...manifest.ImageData, Identity: identity } }
      : manifest,
  );
}

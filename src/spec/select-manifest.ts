import { NotFound } from "#base/errors.ts";
import type { Descriptor, Index, Platform } from "#spec/oci/manifest.ts";
import { mediaKind } from "#spec/oci/media-types.ts";
import { formatPlatform, isSamePlatform, runnablePlatforms } from "#spec/platform.ts";

/**
 * The manifest of an index for a machine of `platform`: its own, else the best one it can also run.
 * @throws NotFound with Docker's text when there is none
 */
export function selectManifest(index: Index, platform: Platform): Descriptor {
  const candidates = index.manifests.filter(isImage);
  for (const runnable of runnablePlatforms(platform)) {
    const found = candidates.find(({ platform: own }) => own && isSamePlatform(own, runnable));
    if (found) return found;
  }
  const only = candidates.length === 1 ? candidates[0] : undefined;
  if (only && !only.platform) return only; // an index around one image, as OCI layouts have it
  throw new NotFound(`no matching manifest for ${formatPlatform(platform)} in the manifest list entries`);
}

/** Whether a machine of `platform` can run what was built for `built`. */
export function canRun(platform: Platform, built: Platform): boolean {
  return runnablePlatforms(platform).some((runnable) => isSamePlatform(runnable, built));
}

/** Indexes also list what is no image: attestations have the platform "unknown/unknown". */
function isImage({ mediaType, platform }: Descriptor): boolean {
  const kind = mediaKind(mediaType);
  return (kind === "manifest" || kind === "index") && platform?.os !== "unknown";
}

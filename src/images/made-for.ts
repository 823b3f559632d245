import type { Platform } from "#spec/oci/manifest.ts";
import { isSamePlatform } from "#spec/platform.ts";
import { canRun } from "#spec/select-manifest.ts";
import type { ImageRecord } from "./types.ts";

type Made = Pick<ImageRecord, "config" | "listedAs">;

/**
 * Whether an image is one for a machine of `platform`. Configurations can be wrong about it, as those of older builders
 * for other processors are, which leave out the variant or name the machine they ran on: then it is the index that knows.
 */
export function isMadeFor(platform: Platform, { config, listedAs = [] }: Made): boolean {
  return [config, ...listedAs].some((own) => canRun(platform, own));
}

/** The image, remembering what an index lists it as where its configuration says something else. */
export function asListed<T extends Made>(image: T, listed: Platform | undefined): T {
  const known = [image.config, ...(image.listedAs ?? [])];
  if (!listed || known.some((own) => isSamePlatform(own, listed))) return image;
  return { ...image, listedAs: [...(image.listedAs ?? []), listed] };
}

import { isDigest } from "#base/digest.ts";
import { InvalidArgument, NotFound } from "#base/errors.ts";
import { isFullId, isIdPrefix } from "#base/ids.ts";
import type { Platform } from "#spec/oci/manifest.ts";
import { formatPlatform } from "#spec/platform.ts";
import { familiarReference, parseReference, type Reference, withDefaultTag } from "#spec/reference.ts";
import { isMadeFor } from "./made-for.ts";
import type { ImageRecords } from "./records.ts";
import type { ImageRecord, ReferenceRecord } from "./types.ts";

/**
 * The image that a person means by a name, a digest, an id or the beginning of one, in this order.
 * @throws InvalidArgument when the text can be none of them
 */
export function findImage(
  records: ImageRecords,
  nameOrId: string,
  platform?: Platform,
): ImageRecord | undefined {
  if (isDigest(nameOrId)) return records.image(nameOrId);
  if (isFullId(nameOrId)) return records.image(`sha256:${nameOrId}`);
  const prefix = nameOrId.replace(/^sha256:/, "");
  const reference = referenceOf(nameOrId);
  const named = reference && records.reference(withDefaultTag(reference));
  if (named) return ofPlatform(records, named, platform);
  const ids = isIdPrefix(prefix) ? records.idsWithPrefix(prefix) : [];
  if (ids.length === 1) return records.image(ids[0]!);
  if (!reference) throw new InvalidArgument("invalid reference format");
  return undefined;
}

/** Of the images a name stands for, the one for a platform; without one, or where none is, the one that came last. */
function ofPlatform(
  records: ImageRecords,
  { imageId, others = [] }: ReferenceRecord,
  platform: Platform | undefined,
): ImageRecord | undefined {
  const images = [imageId, ...others].flatMap((id) => records.image(id) ?? []);
  return (platform && images.find((image) => isMadeFor(platform, image))) ?? images[0];
}

function referenceOf(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch {
    return undefined;
  }
}

/** @throws NotFound "No such image: NAME:TAG", or that it is there but for another platform */
export function getImage(records: ImageRecords, nameOrId: string, platform?: Platform): ImageRecord {
  const image = findImage(records, nameOrId, platform);
  if (!image) throw new NotFound(`No such image: ${shownName(nameOrId)}`);
  if (platform && !isMadeFor(platform, image))
    throw new NotFound(
      `image with reference ${nameOrId} was found but does not provide the specified platform (${formatPlatform(platform)})`,
    );
  return image;
}

/** As Docker writes a name nobody has: completed, in its short form. */
function shownName(nameOrId: string): string {
  const reference = isDigest(nameOrId) || isFullId(nameOrId) ? undefined : referenceOf(nameOrId);
  return reference ? familiarReference(withDefaultTag(reference)) : nameOrId;
}

/** Whether the text names the image by its id or the beginning of it, rather than by a reference. */
export function isIdOf(image: ImageRecord, nameOrId: string): boolean {
  return image.id.startsWith(nameOrId) || image.id.startsWith(`sha256:${nameOrId}`);
}

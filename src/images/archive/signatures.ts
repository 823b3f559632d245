import type { Digest } from "#base/digest.ts";
import { isDigest } from "#base/digest.ts";
import { NotFound } from "#base/errors.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import type { BlobInfo, ContentStore } from "#storage/types.ts";
import type { SignatureSource } from "../trust/types.ts";
import { isCosignKind, tagIn } from "./layout.ts";

/** More is not looked at: whoever made the archive could make us busy. */
const MAX_ARTIFACTS = 100;
const MAX_UNLISTED = 100;
export const MAX_UNLISTED_BYTES = 64 << 10;

/**
 * Signatures that came in the same archive as the image, as `cosign save` or a copy of a repository into an OCI layout
 * brings them: by the tag `sha256-DIGEST.sig`, as cosign marks them, or as manifests that name the image as their subject.
 * @param unlisted blobs among which there may be such manifests that the index does not name: `cosign save` leaves those
 *   of bundles out
 */
export function archiveSignatures(
  content: Pick<ContentStore, "readText" | "info">,
  artifacts: readonly Descriptor[],
  unlisted: readonly BlobInfo[] = [],
): SignatureSource {
  const listed = artifacts.slice(0, MAX_ARTIFACTS);
  const others = unlisted
    .filter(({ digest }) => !listed.some((entry) => entry.digest === digest))
    .slice(0, MAX_UNLISTED)
    .map(({ digest, sizeBytes }) => ({ mediaType: MEDIA_TYPE.ociManifest, digest, size: sizeBytes }));
  const known: readonly Descriptor[] = [...listed, ...others];
  const read = async (digest: Digest, maxBytes?: number): Promise<Uint8Array> => {
    if (!content.info(digest)) throw new NotFound(`${digest} is not in the archive`);
    return Buffer.from(await content.readText(digest, maxBytes), "utf8");
  };
  return {
    async manifest(tagOrDigest) {
      const entry =
        known.find(({ digest, annotations }) =>
          isDigest(tagOrDigest) ? digest === tagOrDigest : tagIn(annotations) === tagOrDigest,
        ) ?? (tagOrDigest.endsWith(".sig") ? known.find(isUnnamedSignature) : undefined);
      if (!entry) throw new NotFound(`${tagOrDigest} is not in the archive`);
      const { mediaType, digest, size } = entry;
      return { descriptor: { mediaType, digest, size }, bytes: await read(digest) };
    },
    async blob(digest) {
      return {
        bytes: (maxBytes: number) => read(digest, maxBytes),
        [Symbol.dispose]() {},
      };
    },
    async referrers(digest) {
      const manifests: Descriptor[] = [];
      for (const { annotations: _named, ...entry } of known) {
        const found = content.info(entry.digest) && (await subjectOf(content, entry));
        if (found?.subject === digest) manifests.push({ ...entry, artifactType: found.artifactType });
      }
      const index = { schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests };
      return Buffer.from(JSON.stringify(index), "utf8");
    },
  };
}

/** Of the one image that `cosign save` writes beside it; what is signed says itself which image it is about. */
function isUnnamedSignature({ annotations }: Descriptor): boolean {
  return isCosignKind(annotations, "sigs");
}

async function subjectOf(
  content: Pick<ContentStore, "readText">,
  { digest, artifactType }: Descriptor,
): Promise<{ readonly subject: unknown; readonly artifactType: string } | undefined> {
  try {
    const manifest = JSON.parse(await content.readText(digest));
    const type: unknown = manifest?.artifactType ?? artifactType ?? manifest?.config?.mediaType;
    return { subject: manifest?.subject?.digest, artifactType: String(type ?? "") };
  } catch {
    return undefined; // no manifest: what does not say what it is about is about nothing
  }
}

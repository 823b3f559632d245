import type { Digest } from "#base/digest.ts";
import { digestOf } from "#base/digest-of.ts";
import { InvalidArgument, NotFound } from "#base/errors.ts";
import type { Descriptor, Manifest } from "#spec/oci/manifest.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";

import { parseManifest } from "#spec/oci/parse-manifest.ts";
import type { SignatureSource } from "./types.ts";

/** More signatures than that of one image, or larger ones, are not looked at: whoever can push could make us busy. */
const MAX_ARTIFACTS = 32;
export const MAX_SIGNATURES = 64;
const MAX_PAYLOAD_BYTES = 1 << 20;

/** The manifest of a tag; undefined when there is none. @throws InvalidArgument when it is no manifest */
export async function manifestAt(
  source: SignatureSource,
  tagOrDigest: string,
  signal?: AbortSignal,
): Promise<Manifest | undefined> {
  try {
    const { bytes, descriptor } = await source.manifest(tagOrDigest, signal);
    const what = `signature manifest ${tagOrDigest}`;
    const parsed = parseManifest(Buffer.from(bytes).toString("utf8"), descriptor.mediaType, what);
    return parsed.kind === "manifest" ? parsed.manifest : undefined;
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
}

/**
 * Manifests of some kinds that say they are about `subject`: by the referrers API, else by the tag that stands for it.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#listing-referrers
 */
export async function artifactsAbout(
  source: SignatureSource,
  subject: Digest,
  artifactTypes: readonly string[],
  signal?: AbortSignal,
): Promise<Manifest[]> {
  const found = (await listed(source, subject, signal)).filter(({ artifactType }) =>
    artifactTypes.includes(artifactType ?? ""),
  );
  const manifests = await Promise.all(
    found.slice(0, MAX_ARTIFACTS).map(({ digest }) => manifestAt(source, digest, signal)),
  );
  return manifests.filter((manifest) => manifest !== undefined);
}

async function listed(
  source: SignatureSource,
  subject: Digest,
  signal: AbortSignal | undefined,
): Promise<readonly Descriptor[]> {
  try {
    const answered = await source.referrers(subject, signal);
    const bytes = answered ?? (await source.manifest(subject.replace(":", "-"), signal)).bytes;
    const text = Buffer.from(bytes).toString("utf8");
    const parsed = parseManifest(text, MEDIA_TYPE.ociIndex, `list of what refers to ${subject}`);
    return parsed.kind === "index" ? parsed.index.manifests : [];
  } catch (error) {
    if (error instanceof NotFound) return [];
    throw error;
  }
}

/** A small blob, checked against its digest. @throws InvalidArgument; NotFound */
export async function payloadOf(
  source: SignatureSource,
  { digest, size }: Descriptor,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const what = `signature ${digest}`;
  if (size > MAX_PAYLOAD_BYTES)
    throw new InvalidArgument(`${what}: ${size} bytes, at most ${MAX_PAYLOAD_BYTES} are read`);
  using response = await source.blob(digest, 0, signal);
  const bytes = await response.bytes(MAX_PAYLOAD_BYTES, what);
  if (digestOf(bytes, digest) !== digest) throw new InvalidArgument(`${what} is not what its digest says`);
  return bytes;
}

import { NotFound } from "#base/errors.ts";
import type { ImageManifestSummary } from "#spec/docker/images.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import { parseManifest } from "#spec/oci/parse-manifest.ts";
import type { ContentStore } from "#storage/types.ts";
import type { ImageRecord, ImageUsers } from "./types.ts";

export interface ManifestsDeps {
  readonly content: Pick<ContentStore, "info" | "readText">;
  readonly users: Pick<ImageUsers, "usersOf">;
  /** The image made from the manifest with this digest, where it is here. */
  readonly imageOf: (digest: string) => ImageRecord | undefined;
}

const MAX_INDEX_DEPTH = 3;
const ATTESTATION = { type: "vnd.docker.reference.type", of: "vnd.docker.reference.digest" };

/**
 * What a name points at, one entry for each manifest: the platforms of an index, here or not, and attestations.
 * @see docker-api.yaml, ImageManifestSummary
 */
export async function describeManifests(
  target: Descriptor,
  deps: ManifestsDeps,
): Promise<ImageManifestSummary[]> {
  const leaves = await leavesOf(target, deps, 0);
  return await Promise.all(leaves.map((descriptor) => describe(descriptor, deps)));
}

async function leavesOf(descriptor: Descriptor, deps: ManifestsDeps, depth: number): Promise<Descriptor[]> {
  const parsed = await read(descriptor, deps);
  if (parsed?.kind !== "index" || depth === MAX_INDEX_DEPTH) return [descriptor];
  const below = parsed.index.manifests.map((child) => leavesOf(child, deps, depth + 1));
  return (await Promise.all(below)).flat();
}

async function describe(descriptor: Descriptor, deps: ManifestsDeps): Promise<ImageManifestSummary> {
  const { digest, platform } = descriptor;
  const parsed = await read(descriptor, deps);
  const blobs = parsed?.kind === "manifest" ? [parsed.manifest.config, ...parsed.manifest.layers] : [];
  const sizes = [descriptor, ...blobs].map((blob) => deps.content.info(blob.digest)?.sizeBytes);
  const content = sizes.reduce<number>((sum, size) => sum + (size ?? 0), 0);
  const image = deps.imageOf(digest);
  const isWhole = parsed?.kind === "manifest" && sizes.every((size) => size !== undefined);
  const common = { ID: digest, Descriptor: descriptor, Available: image !== undefined || isWhole };
  const { annotations = {} } = descriptor;
  if (annotations[ATTESTATION.type] === "attestation-manifest")
    return {
      ...common,
      Size: { Content: content, Total: content },
      Kind: "attestation",
      AttestationData: { For: annotations[ATTESTATION.of] ?? "" },
    };
  const unpacked = image?.sizeBytes ?? 0;
  return {
    ...common,
    Size: { Content: content, Total: content + unpacked },
    Kind: "image",
    ImageData: {
      Platform: platform ?? platformOf(image),
      Containers: image ? deps.users.usersOf(image.id).map(({ id }) => id) : [],
      Size: { Unpacked: unpacked },
    },
  };
}

function platformOf(image: ImageRecord | undefined) {
  const { os = "", architecture = "", variant } = image?.config ?? {};
  return { os, architecture, ...(variant ? { variant } : {}) };
}

/** @returns undefined for what is not here */
async function read({ digest, mediaType }: Descriptor, { content }: ManifestsDeps) {
  if (!content.info(digest)) return undefined;
  try {
    return parseManifest(await content.readText(digest), mediaType, `manifest ${digest}`);
  } catch (error) {
    if (error instanceof NotFound) return undefined; // gone meanwhile
    throw error;
  }
}

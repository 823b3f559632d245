import type { Digest } from "#base/digest.ts";
import { Conflict, InvalidArgument, NotFound } from "#base/errors.ts";
import type { Descriptor, Index, Manifest, Platform } from "#spec/oci/manifest.ts";
import { mediaKind } from "#spec/oci/media-types.ts";
import { parseImageConfig, parseManifest } from "#spec/oci/parse-manifest.ts";
import { formatPlatform } from "#spec/platform.ts";
import { canRun } from "#spec/select-manifest.ts";
import type { ContentStore } from "#storage/types.ts";

/** A manifest or index as it is sent: byte for byte, the digest is of these. */
export interface PushDocument {
  readonly descriptor: Descriptor;
  readonly text: string;
}

/** One platform's image. */
export interface PushImage {
  readonly document: PushDocument;
  readonly manifest: Manifest;
  /** Lowest first, as in the manifest; without diffID where the configuration is of something else. */
  readonly layers: readonly { readonly blob: Descriptor; readonly diffId: Digest | undefined }[];
}

/** All that a push sends. */
export interface PushSource {
  readonly root: PushDocument;
  /** Indexes on the way from the root to the images, the root last where it is one. */
  readonly indexes: readonly PushDocument[];
  readonly images: readonly PushImage[];
  /** When only one platform of several is here: what was asked for. */
  readonly insteadOf: Descriptor | undefined;
  /** That, for a repository which has the manifests that are missing here. */
  readonly whole?: { readonly source: PushSource; readonly missing: readonly Descriptor[] };
}

export interface PushSourceRequest {
  readonly target: Descriptor;
  /** Asked for: only this one. */
  readonly platform: Platform | undefined;
  readonly host: Platform;
  /** The reference, for messages. */
  readonly what: string;
}

const MAX_INDEX_DEPTH = 3;

/**
 * What there is to push under a target. An index is pushed whole when all of it is here; else its one image that is, or
 * the best of several for this host.
 * @throws NotFound when nothing of it is here or not for the platform; Conflict when it cannot be told which is meant
 */
export async function findPushSource(
  content: Pick<ContentStore, "info" | "readText">,
  request: PushSourceRequest,
): Promise<PushSource> {
  const tree = await readTree(content, request.target, request.what, 0);
  const { platform } = request;
  const { images, indexes, missing } = tree;
  const root = platform ? undefined : (indexes.at(-1) ?? images[0]?.document);
  const source = root && { root, indexes, images, insteadOf: undefined };
  if (source && missing.length === 0) return source;
  const chosen = chooseImage(tree, request);
  const one = { root: chosen.document, indexes: [], images: [chosen] };
  if (!source || indexes.length === 0) return { ...one, insteadOf: undefined };
  return { ...one, insteadOf: request.target, whole: { source, missing } };
}

interface Tree {
  readonly indexes: readonly PushDocument[];
  readonly images: readonly (PushImage & { readonly platform: Platform | undefined })[];
  /** What is not here, or not all of it. */
  readonly missing: readonly Descriptor[];
}

function nothingOf(descriptor: Descriptor): Tree {
  return { indexes: [], images: [], missing: [descriptor] };
}

async function readTree(
  content: Pick<ContentStore, "info" | "readText">,
  descriptor: Descriptor,
  what: string,
  depth: number,
): Promise<Tree> {
  if (depth > MAX_INDEX_DEPTH)
    throw new InvalidArgument(`${what}: more than ${MAX_INDEX_DEPTH} indexes within each other`);
  if (!content.info(descriptor.digest)) return nothingOf(descriptor);
  const text = await content.readText(descriptor.digest);
  const name = `manifest ${descriptor.digest} of ${what}`;
  const document = { descriptor, text };
  const parsed = parseManifest(text, descriptor.mediaType, name);
  if (parsed.kind === "index") return await readIndex(content, document, parsed.index, what, depth);
  return await readImage(content, document, parsed.manifest, what);
}

async function readIndex(
  content: Pick<ContentStore, "info" | "readText">,
  document: PushDocument,
  index: Index,
  what: string,
  depth: number,
): Promise<Tree> {
  const parts: Tree[] = [];
  for (const child of index.manifests) parts.push(await readTree(content, child, what, depth + 1));
  return {
    indexes: [...parts.flatMap(({ indexes }) => indexes), document],
    images: parts.flatMap(({ images }) => images),
    missing: parts.flatMap(({ missing }) => missing),
  };
}

async function readImage(
  content: Pick<ContentStore, "info" | "readText">,
  document: PushDocument,
  manifest: Manifest,
  what: string,
): Promise<Tree> {
  const isHere = ({ digest, mediaType }: Descriptor) =>
    mediaKind(mediaType) === "foreignLayer" || content.info(digest) !== undefined;
  if (![manifest.config, ...manifest.layers].every(isHere)) return nothingOf(document.descriptor);
  const isImage = mediaKind(manifest.config.mediaType) === "config"; // else an attestation, a chart, …
  const config = isImage
    ? parseImageConfig(await content.readText(manifest.config.digest), `configuration of ${what}`)
    : undefined;
  const diffIds = config?.rootfs.diff_ids ?? [];
  const layers = manifest.layers.map((blob, index) => ({ blob, diffId: diffIds[index] }));
  const platform = document.descriptor.platform ?? config;
  return { indexes: [], images: [{ document, manifest, layers, platform }], missing: [] };
}

function chooseImage({ images, indexes }: Tree, { platform, host, what }: PushSourceRequest): PushImage {
  const real = images.filter((image) => image.platform && image.platform.os !== "unknown");
  if (platform) {
    const found = real.find((image) => image.platform && canRun(platform, image.platform));
    if (found) return found;
    throw new NotFound(
      `image with reference ${what} was found but does not provide the specified platform (${formatPlatform(platform)})`,
    );
  }
  if (real.length === 0)
    throw new NotFound(`${what}: ${indexes.length > 0 ? "no image of it" : "not all of it"} is here`, {
      hint: "pull it again before pushing",
    });
  if (real.length === 1) return real[0]!;
  const own = real.find((image) => image.platform && canRun(host, image.platform));
  if (own) return own;
  throw new Conflict(
    `multiple matching manifests found but no specific platform requested: say which of ${what} is meant with --platform`,
  );
}

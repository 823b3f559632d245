import type { Digest } from "#base/digest.ts";
import { InvalidArgument, NotFound } from "#base/errors.ts";
import { PLUGIN_CONFIG_TYPE } from "#spec/docker/plugins.ts";
import type { ImageConfig } from "#spec/oci/image.ts";
import type { Descriptor, Manifest, Platform } from "#spec/oci/manifest.ts";
import { mediaKind } from "#spec/oci/media-types.ts";
import { parseImageConfig, parseManifest } from "#spec/oci/parse-manifest.ts";
import { formatPlatform } from "#spec/platform.ts";
import { canRun, selectManifest } from "#spec/select-manifest.ts";
import type { ContentStore } from "#storage/types.ts";
import type { FetchBlob } from "./layers.ts";
import { storeBytes } from "./store-bytes.ts";

/** What is to be made of a target: one platform's image. */
export interface ImageSource {
  readonly manifestDescriptor: Descriptor;
  readonly manifest: Manifest;
  /** Config digest. */
  readonly imageId: Digest;
  readonly config: ImageConfig;
  /** The platform that the index gave it; absent where none led to it. */
  readonly listedAs?: Platform | undefined;
}

export interface SourceDeps {
  readonly content: Pick<ContentStore, "info" | "readText" | "ingest">;
  /** Bytes of a manifest that is not here yet. */
  readonly fetchManifest: (descriptor: Descriptor, signal: AbortSignal) => Promise<Uint8Array>;
  readonly fetchBlob: FetchBlob;
  /** Called with every digest before it is looked for, so that it can be kept from collection. */
  readonly keep: (digest: Digest) => void;
}

export interface SourceRequest {
  readonly target: Descriptor;
  readonly platform: Platform;
  /** The platform was asked for, not assumed: an image for another one is an error. */
  readonly isPlatformRequired: boolean;
  /** The reference, for messages. */
  readonly what: string;
  readonly signal: AbortSignal;
}

/** An index of an index of images is as deep as anybody goes. */
const MAX_INDEX_DEPTH = 3;
const MAX_CONFIG_BYTES = 8 << 20;

/**
 * Follows a target to one image: through indexes by platform, to its manifest, to its configuration. All of them are
 * in the content store then.
 * @throws NotFound when there is nothing for the platform; InvalidArgument for anything malformed
 */
export async function findSource(deps: SourceDeps, request: SourceRequest): Promise<ImageSource> {
  let descriptor = request.target;
  for (let depth = 0; depth <= MAX_INDEX_DEPTH; depth++) {
    const text = await readManifest(deps, descriptor, request);
    const what = `manifest ${descriptor.digest} of ${request.what}`;
    const parsed = parseManifest(text, descriptor.mediaType, what);
    if (parsed.kind === "manifest") return await readConfig(deps, request, descriptor, parsed.manifest);
    descriptor = selectManifest(parsed.index, request.platform);
  }
  throw new InvalidArgument(`${request.what}: more than ${MAX_INDEX_DEPTH} indexes within each other`);
}

async function readManifest(
  deps: SourceDeps,
  descriptor: Descriptor,
  request: SourceRequest,
): Promise<string> {
  deps.keep(descriptor.digest);
  if (!deps.content.info(descriptor.digest)) {
    const bytes = await deps.fetchManifest(descriptor, request.signal);
    await storeBytes(deps.content, descriptor.digest, bytes);
  }
  return await deps.content.readText(descriptor.digest);
}

async function readConfig(
  deps: SourceDeps,
  request: SourceRequest,
  manifestDescriptor: Descriptor,
  manifest: Manifest,
): Promise<ImageSource> {
  const { digest: imageId, mediaType, size } = manifest.config;
  if (mediaType === PLUGIN_CONFIG_TYPE)
    throw new InvalidArgument(`Encountered remote ${JSON.stringify(mediaType)}(plugin) when fetching`, {
      hint: `docker plugin install ${request.what}`,
    });
  if (mediaKind(mediaType) !== "config")
    throw new InvalidArgument(
      `${request.what} is no image for containers: its configuration is ${mediaType}`,
    );
  if (size > MAX_CONFIG_BYTES)
    throw new InvalidArgument(
      `${request.what}: its configuration has ${size} bytes, at most ${MAX_CONFIG_BYTES} are read`,
    );
  deps.keep(imageId);
  if (!deps.content.info(imageId))
    await deps.fetchBlob(manifest.config, { signal: request.signal, onProgress: () => {} });
  const text = await deps.content.readText(imageId);
  const config = parseImageConfig(text, `configuration ${imageId} of ${request.what}`);
  const { platform: listedAs } = manifestDescriptor;
  if (request.isPlatformRequired && !listedAs && !canRun(request.platform, config))
    throw new NotFound(
      `image with reference ${request.what} was found but does not provide the specified platform (${formatPlatform(request.platform)})`,
    );
  return { manifestDescriptor, manifest, imageId, config, listedAs };
}

import { digestOf } from "#base/digest-of.ts";
import { InvalidArgument } from "#base/errors.ts";
import { collectBytes } from "#base/streams.ts";
import type { Repository } from "#registry/client.ts";
import type { Descriptor, Platform } from "#spec/oci/manifest.ts";
import { mediaKind } from "#spec/oci/media-types.ts";
import { parseImageConfig, parseManifest } from "#spec/oci/parse-manifest.ts";
import { DEFAULT_TAG, familiarReference, parseReference } from "#spec/reference.ts";

export interface DistributionInfo {
  readonly descriptor: Descriptor;
  /** What the image is for; none where nothing says it. */
  readonly platforms: readonly Platform[];
}

const MAX_CONFIG_BYTES = 8 << 20;

/**
 * What a name points at in its registry; nothing is kept here.
 * @throws NotFound, with the texts Docker's clients match on; InvalidArgument for what is no image, or is named by an id
 */
export async function inspectDistribution(
  name: string,
  repository: Pick<Repository, "manifest" | "blob">,
  signal: AbortSignal,
): Promise<DistributionInfo> {
  if (/^(?:sha256:)?[0-9a-f]{64}$/.test(name))
    throw new InvalidArgument("no manifest found for full image ID"); // ids are of images here, no registry knows them
  const reference = parseReference(name);
  const { descriptor, bytes } = await repository.manifest(
    reference.digest ?? reference.tag ?? DEFAULT_TAG,
    signal,
  );
  const what = `manifest of ${familiarReference(reference)}`;
  const parsed = parseManifest(Buffer.from(bytes).toString("utf8"), descriptor.mediaType, what);
  if (parsed.kind === "index") {
    const platforms = parsed.index.manifests.flatMap(({ platform }) => platform ?? []);
    return { descriptor, platforms };
  }
  const { config } = parsed.manifest;
  if (mediaKind(config.mediaType) !== "config") return { descriptor, platforms: [] };
  const text = await readConfig(config, repository, signal);
  const { os, architecture, variant, ...rest } = parseImageConfig(text, `configuration ${config.digest}`);
  const osVersion = rest["os.version"];
  return {
    descriptor,
    platforms: [
      {
        architecture,
        os,
        ...(typeof osVersion === "string" ? { "os.version": osVersion } : {}),
        ...(variant ? { variant } : {}),
      },
    ],
  };
}

async function readConfig(
  { digest, size }: Descriptor,
  repository: Pick<Repository, "blob">,
  signal: AbortSignal,
): Promise<string> {
  const what = `configuration ${digest}`;
  if (size > MAX_CONFIG_BYTES)
    throw new InvalidArgument(`${what} has ${size} bytes, at most ${MAX_CONFIG_BYTES} are read`);
  using response = await repository.blob(digest, 0, signal);
  const bytes = await collectBytes(response.body(), MAX_CONFIG_BYTES, what);
  const got = digestOf(bytes, digest);
  if (got !== digest) throw new InvalidArgument(`${what}: the registry sent ${got} instead`);
  return Buffer.from(bytes).toString("utf8");
}

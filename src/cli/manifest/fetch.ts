import { sha256 } from "#base/digest.ts";
import { InvalidArgument, NotFound } from "#base/errors.ts";
import { collectBytes } from "#base/streams.ts";
import type { FetchedManifest, Repository } from "#registry/client.ts";
import type { Descriptor, Index, Manifest, Platform } from "#spec/oci/manifest.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { parseImageConfig, parseManifest } from "#spec/oci/parse-manifest.ts";
import { parseReference, type Reference, withDefaultTag } from "#spec/reference.ts";
import { CliError } from "../errors.ts";
import { credentialsFor, openRegistries } from "../registries.ts";
import type { Session } from "../session.ts";
import type { ImageManifest } from "./types.ts";

const MAX_CONFIG_BYTES = 8 << 20;

export type FetchedReference =
  | { readonly kind: "image"; readonly image: ImageManifest }
  | { readonly kind: "index"; readonly index: Index; readonly images: () => Promise<ImageManifest[]> };

/**
 * What a name points at in its registry.
 * @throws CliError "no such manifest: NAME"
 */
export async function fetchReference(
  session: Session,
  name: string,
  options: { readonly insecure: boolean },
): Promise<FetchedReference> {
  const reference = withDefaultTag(parseReference(name));
  const registries = openRegistries(options.insecure ? [reference.domain] : []);
  const repository = registries.open(reference, await credentialsFor(session, reference.domain));
  const fetched = await fetchManifest(repository, reference, name);
  const parsed = parse(fetched, name);
  if (parsed.kind === "manifest")
    return { kind: "image", image: await describe(repository, name, fetched, parsed.manifest) };
  const images = () =>
    Promise.all(
      parsed.index.manifests.map(async ({ digest, platform }) => {
        const part = await repository.manifest(digest);
        const inner = parse(part, `${name}@${digest}`);
        if (inner.kind !== "manifest") throw new CliError(`${name}@${digest} is a manifest list`);
        return describe(repository, `${name}@${digest}`, part, inner.manifest, platform);
      }),
    );
  return { kind: "index", index: parsed.index, images };
}

async function fetchManifest(
  repository: Repository,
  { tag, digest }: Reference,
  name: string,
): Promise<FetchedManifest> {
  try {
    return await repository.manifest(digest ?? tag!);
  } catch (error) {
    if (error instanceof NotFound) throw new CliError(`no such manifest: ${name}`);
    throw error;
  }
}

function parse({ bytes, descriptor }: FetchedManifest, name: string) {
  return parseManifest(Buffer.from(bytes).toString("utf8"), descriptor.mediaType, `manifest ${name}`);
}

/** @param platform as an index tells it; absent: the image's configuration is asked */
async function describe(
  repository: Repository,
  name: string,
  { descriptor, bytes }: FetchedManifest,
  manifest: Manifest,
  platform?: Platform,
): Promise<ImageManifest> {
  const { mediaType, digest, size } = descriptor;
  const own = platform ?? (await platformOf(repository, manifest.config));
  return {
    Ref: name,
    Descriptor: { mediaType, digest, size, platform: own },
    Raw: Buffer.from(bytes).toString("base64"),
    ...(mediaType === MEDIA_TYPE.dockerManifest ? { SchemaV2Manifest: manifest } : { OCIManifest: manifest }),
  };
}

async function platformOf(repository: Repository, config: Descriptor): Promise<Platform> {
  using response = await repository.blob(config.digest, 0);
  const bytes = await collectBytes(response.body(), MAX_CONFIG_BYTES, "image configuration");
  if (sha256(bytes) !== config.digest)
    throw new InvalidArgument(`the registry sent a wrong image configuration for ${config.digest}`);
  const text = Buffer.from(bytes).toString("utf8");
  const image = parseImageConfig(text, "image configuration");
  return platformFields(image, image as { readonly "os.version"?: unknown });
}

/** In docker's order, without what is not there. */
export function platformFields(
  { architecture, os, variant }: Pick<Platform, "architecture" | "os" | "variant">,
  more: { readonly "os.version"?: unknown; readonly "os.features"?: unknown } = {},
): Platform {
  const version = more["os.version"];
  const features = more["os.features"];
  return {
    architecture,
    os,
    ...(typeof version === "string" && version ? { "os.version": version } : {}),
    ...(Array.isArray(features) && features.length > 0 ? { "os.features": features as string[] } : {}),
    ...(variant ? { variant } : {}),
  };
}

import type { Digest } from "#base/digest.ts";
import { InvalidArgument, NotImplemented } from "#base/errors.ts";
import { parseArchiveManifest } from "#spec/docker/archive-manifest.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import { mediaKind } from "#spec/oci/media-types.ts";
import { parseManifest } from "#spec/oci/parse-manifest.ts";
import {
  DEFAULT_TAG,
  familiarName,
  parseReference,
  type Reference,
  withDefaultTag,
} from "#spec/reference.ts";
import type { ImageRecord } from "../types.ts";

/** One image in an archive and the names it shall have here. */
export interface ArchivedImage {
  readonly names: readonly Reference[];
  readonly source: OciSource | DockerSource;
}

/** A manifest or index among the blobs. */
export interface OciSource {
  readonly kind: "oci";
  readonly target: Descriptor;
}

/** Names of files in the archive. */
export interface DockerSource {
  readonly kind: "docker";
  readonly config: string;
  /** Lowest first. */
  readonly layers: readonly string[];
}

const CONTAINERD_NAME = "io.containerd.image.name";
const OCI_NAME = "org.opencontainers.image.ref.name";

/**
 * What an archive says is in it. An OCI layout is preferred: it keeps the manifest, and with it the digest, an image
 * was pulled with.
 * @param textOf a small file's text, if there is such a file
 * @throws InvalidArgument when it is no archive of images
 */
export function readLayout(textOf: (name: string) => string | undefined): ArchivedImage[] {
  const index = textOf("index.json");
  if (index !== undefined) return readOciIndex(index);
  const manifest = textOf("manifest.json");
  if (manifest !== undefined) return readDockerManifest(manifest);
  if (textOf("repositories") !== undefined)
    throw new NotImplemented("archives of Docker before 1.10 are not supported", {
      hint: "load and save it with a newer Docker first",
    });
  throw new InvalidArgument("invalid archive: neither index.json nor manifest.json is in it");
}

function readOciIndex(text: string): ArchivedImage[] {
  const parsed = parseManifest(text, "", "index.json");
  if (parsed.kind !== "index") throw new InvalidArgument("invalid archive: index.json is no image index");
  const targets = parsed.index.manifests.filter((entry) => isDocument(entry) && !isArtifact(entry));
  return targets.map(({ annotations, ...target }) => ({
    names: nameOf(annotations ?? {}),
    source: { kind: "oci", target },
  }));
}

/** What an OCI layout has beside images: signatures, bills of materials. */
export function readArtifacts(textOf: (name: string) => string | undefined): Descriptor[] {
  const index = textOf("index.json");
  const parsed = index === undefined ? undefined : parseManifest(index, "", "index.json");
  if (parsed?.kind !== "index") return [];
  return parsed.index.manifests.filter((entry) => isDocument(entry) && isArtifact(entry));
}

function isDocument({ mediaType }: Descriptor): boolean {
  return ["index", "manifest"].includes(mediaKind(mediaType) ?? "");
}

/** Named as cosign names what it says about an image, or of a kind that referrers are. */
function isArtifact({ annotations, artifactType }: Descriptor): boolean {
  const isOther = artifactType !== undefined && mediaKind(artifactType) !== "config";
  const isOfCosign = isCosignKind(annotations, "sigs") || isCosignKind(annotations, "atts");
  return isOther || isOfCosign || /^sha256-[0-9a-f]{64}(?:\.\w+)?$/.test(tagIn(annotations));
}

/** What `cosign save` calls an entry: it names neither the image nor its signatures. */
export function isCosignKind(annotations: Record<string, unknown> = {}, kind: "sigs" | "atts"): boolean {
  return annotations.kind === `dev.cosignproject.cosign/${kind}`;
}

/** The tag in an entry's name; cosign and skopeo write it alone or behind the repository. */
export function tagIn(annotations: Record<string, unknown> = {}): string {
  const name = annotations[OCI_NAME];
  return typeof name === "string" ? name.slice(name.lastIndexOf(":") + 1) : "";
}

/** A full name as containerd writes it, or as podman and skopeo do; a bare tag ("latest") says nothing about the name. */
function nameOf(annotations: Record<string, unknown>): Reference[] {
  const full = annotations[CONTAINERD_NAME];
  const short = annotations[OCI_NAME];
  if (typeof full === "string") return [withDefaultTag(parseReference(full))];
  if (typeof short !== "string" || !/[/:]/.test(short)) return [];
  return [withDefaultTag(parseReference(short))];
}

function readDockerManifest(text: string): ArchivedImage[] {
  return parseArchiveManifest(text, "manifest.json").map(({ config, layers, repoTags }) => ({
    names: repoTags.map((name) => withDefaultTag(parseReference(name))),
    source: { kind: "docker", config, layers },
  }));
}

/** An image to be saved, with the tags it is saved by. */
export interface ChosenImage {
  readonly image: ImageRecord;
  readonly tags: readonly Reference[];
}

export interface SavedImage extends ChosenImage {
  /** Its manifest, or the index that lists it beside others. */
  readonly root: Descriptor;
}

/** The small files of an archive that is an OCI layout and Docker's own format at once. */
export function layoutDocuments(
  images: readonly SavedImage[],
): { readonly name: string; readonly text: string }[] {
  return [
    { name: "oci-layout", text: JSON.stringify({ imageLayoutVersion: "1.0.0" }) },
    { name: "index.json", text: JSON.stringify(ociIndex(images)) },
    { name: "manifest.json", text: JSON.stringify(images.map(dockerItem)) },
    { name: "repositories", text: JSON.stringify(repositories(images)) },
  ];
}

function ociIndex(images: readonly SavedImage[]): object {
  const manifests = images.flatMap(({ root, tags }) => {
    const { annotations: _notOurs, ...manifest } = root;
    if (tags.length === 0) return [manifest];
    return tags.map((reference) => ({
      ...manifest,
      annotations: {
        [CONTAINERD_NAME]: `${reference.domain}/${reference.path}:${tagOf(reference)}`,
        [OCI_NAME]: tagOf(reference),
      },
    }));
  });
  return { schemaVersion: 2, mediaType: "application/vnd.oci.image.index.v1+json", manifests };
}

function dockerItem({ image, tags }: SavedImage): object {
  return {
    Config: blobName(image.id),
    RepoTags:
      tags.length > 0 ? tags.map((reference) => `${familiarName(reference)}:${tagOf(reference)}`) : null,
    Layers: image.layers.map(({ digest }) => blobName(digest)),
  };
}

function repositories(images: readonly SavedImage[]): Record<string, Record<string, string>> {
  const byName: Record<string, Record<string, string>> = {};
  for (const { image, tags } of images) {
    const top = image.layers.at(-1)?.digest.split(":")[1];
    for (const reference of top ? tags : []) {
      byName[familiarName(reference)] ??= {};
      byName[familiarName(reference)]![tagOf(reference)] = top!;
    }
  }
  return byName;
}

function tagOf(reference: Reference): string {
  return reference.tag ?? DEFAULT_TAG;
}

/** "sha256:abc" → "blobs/sha256/abc" */
export function blobName(digest: Digest): string {
  return `blobs/${digest.replace(":", "/")}`;
}

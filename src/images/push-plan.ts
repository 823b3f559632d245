import type { Digest } from "#base/digest.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import { mediaKind } from "#spec/oci/media-types.ts";
import type { Reference } from "#spec/reference.ts";
import { parseReference, repositoryName } from "#spec/reference.ts";
import type { PushDocument, PushImage, PushSource } from "./push-source.ts";
import type { ImageRecord, ReferenceRecord } from "./types.ts";

/** A layer on its way out; several images may share it. */
export interface PushLayer {
  readonly blob: Descriptor;
  readonly diffId: Digest | undefined;
}

export interface PushPlan {
  /** Each once, uppermost first, as dockerd tells of them. */
  readonly layers: readonly PushLayer[];
  /** Configurations: small, and not told of. */
  readonly configs: readonly Descriptor[];
  /** What names others comes after them; the root is last. */
  readonly documents: readonly PushDocument[];
}

/** The blobs and documents of a push, in the order in which they may be sent. Layers others hold are left out. */
export function planPush(source: PushSource): PushPlan {
  const layers = new Map<Digest, PushLayer>();
  for (const layer of source.images.flatMap((image) => image.layers.toReversed()))
    if (mediaKind(layer.blob.mediaType) !== "foreignLayer") layers.set(layer.blob.digest, layer);
  const configs = new Map(source.images.map(({ manifest: { config } }) => [config.digest, config]));
  const documents = new Map(
    [...source.images.map(({ document }) => document), ...source.indexes].map((document) => [
      document.descriptor.digest,
      document,
    ]),
  );
  return {
    layers: [...layers.values()],
    configs: [...configs.values()].filter(({ digest }) => !layers.has(digest)),
    documents: [...documents.values()],
  };
}

/**
 * Layers that were never compressed, of images no registry knows by a digest that would change. One image of an index that
 * stays as it is keeps the digest it has there; and an index whose parts are about each other, as attestations are about
 * an image, keeps those by which they say so.
 * @param target what the name stands for here
 */
export function layersToCompress(
  source: Pick<PushSource, "root" | "indexes" | "images">,
  target: Pick<Descriptor, "digest">,
  references: readonly Pick<ReferenceRecord, "name" | "target">[],
): Set<Digest> {
  const known = new Set(
    references.filter(({ name }) => name.includes("@")).map(({ target }) => target.digest),
  );
  const isKnown = ({ descriptor }: PushDocument) => known.has(descriptor.digest);
  const documents = [...source.images.map(({ document }) => document), ...source.indexes];
  if (target.digest !== source.root.descriptor.digest || isKnown(source.root)) return new Set();
  if (source.indexes.some(isKnown) || documents.some(isAboutAnother)) return new Set();
  const changeable = source.images.filter(({ document }) => !isKnown(document));
  const kept = new Set(source.images.filter(({ document }) => isKnown(document)).flatMap(digestsOf));
  return new Set(
    changeable
      .flatMap(({ layers }) => layers)
      .filter(({ blob }) => isPlain(blob))
      .map(({ blob: { digest } }) => digest)
      .filter((digest) => !kept.has(digest)),
  );
}

function digestsOf({ layers }: PushImage): Digest[] {
  return layers.map(({ blob }) => blob.digest);
}

/** Names the manifest an attestation is about, within the index both are in. */
const ABOUT = "vnd.docker.reference.digest";

function isAboutAnother({ descriptor, text }: PushDocument): boolean {
  return descriptor.annotations?.[ABOUT] !== undefined || "subject" in (JSON.parse(text) as object);
}

function isPlain({ mediaType }: Descriptor): boolean {
  return mediaKind(mediaType) === "layer" && mediaType.endsWith(".tar");
}

/** Other repositories of the same registry that an index or manifest came from or went to, as paths, the nearest name first. */
export function repositoriesWith(
  to: Reference,
  target: Digest,
  references: readonly Pick<ReferenceRecord, "name" | "target">[],
): string[] {
  return nearestFirst(
    to,
    references.filter((reference) => reference.target.digest === target),
  );
}

/**
 * Other repositories of the same registry that have a blob as far as we know: their images here came from there or
 * went there.
 * @returns paths, the nearest name first
 */
export function mountSources(
  to: Reference,
  blob: Digest,
  known: {
    readonly references: readonly ReferenceRecord[];
    readonly image: (id: Digest) => ImageRecord | undefined;
  },
): string[] {
  const having = known.references.filter(({ imageId }) =>
    known.image(imageId)?.layers.some(({ digest }) => digest === blob),
  );
  return nearestFirst(to, having);
}

function nearestFirst(to: Reference, references: readonly Pick<ReferenceRecord, "name">[]): string[] {
  const paths = references
    .filter(({ name }) => name.startsWith(`${to.domain}/`) && name.includes("@"))
    .map(({ name }) => parseReference(name))
    .filter((reference) => repositoryName(reference) !== repositoryName(to))
    .map(({ path }) => path);
  const likeness = (path: string) => commonStart(path, to.path);
  return [...new Set(paths)].toSorted((a, b) => likeness(b) - likeness(a)).slice(0, MAX_MOUNT_SOURCES);
}

/** Each costs a request; who has none of these has none of the others either. */
const MAX_MOUNT_SOURCES = 3;

function commonStart(a: string, b: string): number {
  let length = 0;
  while (length < a.length && a[length] === b[length]) length++;
  return length;
}

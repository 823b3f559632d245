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

/** Layers that were never compressed, of an image no registry knows by a digest that would change. */
export function layersToCompress(
  image: PushImage,
  references: readonly Pick<ReferenceRecord, "name" | "target">[],
): PushLayer[] {
  const { digest } = image.document.descriptor;
  const isKnown = references.some(({ name, target }) => target.digest === digest && name.includes("@"));
  return isKnown ? [] : image.layers.filter(({ blob }) => isPlain(blob));
}

function isPlain({ mediaType }: Descriptor): boolean {
  return mediaKind(mediaType) === "layer" && mediaType.endsWith(".tar");
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
  const paths = known.references
    .filter(({ name }) => name.startsWith(`${to.domain}/`) && name.includes("@"))
    .filter(({ imageId }) => known.image(imageId)?.layers.some(({ digest }) => digest === blob))
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

import { createReadStream } from "node:fs";
import { throwIfAborted } from "#base/async.ts";
import type { Digest } from "#base/digest.ts";
import { NotFound } from "#base/errors.ts";
import { type TarMemberSource, writeTar } from "#base/tar-write.ts";
import type { Events } from "#events/types.ts";
import { parseReference, type Reference, repositoryName } from "#spec/reference.ts";
import type { ContentStore, Leases } from "#storage/types.ts";
import { imageEvent } from "../events.ts";
import type { ImageRecords } from "../records.ts";
import { getImage, isIdOf } from "../resolve.ts";
import type { ImageRecord } from "../types.ts";
import { blobName, layoutDocuments, type SavedImage } from "./layout.ts";

export interface SaveDeps {
  readonly records: ImageRecords;
  readonly content: Pick<ContentStore, "path" | "info">;
  readonly leases: Leases;
  readonly events: Pick<Events, "emit">;
}

/**
 * `docker save`: images as one archive that Docker, Podman and skopeo read, as an OCI layout or in Docker's own format.
 * Blobs are written once, as they are. All names are looked up before the first byte.
 * @throws NotFound "No such image: …"
 */
export async function* saveImages(
  names: readonly string[],
  deps: SaveDeps,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  using lease = deps.leases.open();
  const images = selectImages(names, deps.records);
  const blobs = new Set(images.flatMap(({ image }) => blobsOf(image)));
  for (const digest of blobs) lease.add(digest);
  yield* writeTar(members(images, blobs, deps, signal));
  for (const { image } of images) deps.events.emit(imageEvent("save", image, image.id));
}

/** Each image once, with the tags it was asked for by: none for an id, all of a repository named without a tag. */
function selectImages(names: readonly string[], records: ImageRecords): SavedImage[] {
  const byId = new Map<Digest, { image: ImageRecord; tags: Reference[] }>();
  const add = (image: ImageRecord, tags: readonly Reference[]) => {
    const saved = byId.get(image.id) ?? { image, tags: [] };
    byId.set(image.id, saved);
    const isNew = (tag: Reference) =>
      !saved.tags.some((known) => known.tag === tag.tag && isSameName(known, tag));
    saved.tags.push(...tags.filter(isNew));
  };
  for (const name of names) {
    const tagged = taggedUnder(name, records);
    for (const { image, reference } of tagged) add(image, [reference]);
    if (tagged.length > 0) continue;
    const image = getImage(records, name);
    const reference = isIdOf(image, name) ? undefined : parseReference(name);
    add(image, reference?.tag && !reference.digest ? [reference] : []);
  }
  return [...byId.values()];
}

function taggedUnder(name: string, records: ImageRecords): { image: ImageRecord; reference: Reference }[] {
  const wanted = nameOnly(name);
  if (!wanted) return [];
  return records.references().flatMap(({ name: canonical, imageId }) => {
    const reference = parseReference(canonical);
    const image = reference.tag && isSameName(reference, wanted) ? records.image(imageId) : undefined;
    return image ? [{ image, reference }] : [];
  });
}

function nameOnly(text: string): Reference | undefined {
  try {
    const reference = parseReference(text);
    return reference.tag || reference.digest ? undefined : reference;
  } catch {
    return undefined; // an id
  }
}

function isSameName(a: Reference, b: Reference): boolean {
  return repositoryName(a) === repositoryName(b);
}

function blobsOf({ id, manifest, layers }: ImageRecord): Digest[] {
  return [id, manifest.digest, ...layers.map(({ digest }) => digest)];
}

function* members(
  images: readonly SavedImage[],
  blobs: ReadonlySet<Digest>,
  { content }: SaveDeps,
  signal: AbortSignal | undefined,
): Generator<TarMemberSource> {
  for (const { name, text } of layoutDocuments(images)) {
    const body = Buffer.from(text, "utf8");
    yield { header: { name, type: "file", mode: 0o644, sizeBytes: body.byteLength }, body };
  }
  for (const digest of blobs) {
    throwIfAborted(signal, "saving images");
    const info = content.info(digest);
    if (!info)
      throw new NotFound(`content ${digest} of the image is missing`, { hint: "pull the image again" });
    const body = createReadStream(content.path(digest), { highWaterMark: READ_BYTES });
    yield { header: { name: blobName(digest), type: "file", mode: 0o444, sizeBytes: info.sizeBytes }, body };
  }
}

const READ_BYTES = 1 << 20;

import { createReadStream } from "node:fs";
import { throwIfAborted } from "#base/async.ts";
import type { Digest } from "#base/digest.ts";
import { NotFound } from "#base/errors.ts";
import { type TarMemberSource, writeTar } from "#base/tar-write.ts";
import type { Events } from "#events/types.ts";
import type { Descriptor, Platform } from "#spec/oci/manifest.ts";
import {
  familiarReference,
  parseReference,
  type Reference,
  repositoryName,
  withDefaultTag,
} from "#spec/reference.ts";
import type { ContentStore, Leases } from "#storage/types.ts";
import { imageEvent } from "../events.ts";
import { findPushSource } from "../push-source.ts";
import type { ImageRecords } from "../records.ts";
import { getImage, isIdOf } from "../resolve.ts";
import type { ImageRecord } from "../types.ts";
import { blobName, type ChosenImage, layoutDocuments, type SavedImage } from "./layout.ts";

export interface SaveRequest {
  readonly names: readonly string[];
  /** Of names for several only these; empty: whatever they stand for. */
  readonly platforms: readonly Platform[];
}

export interface SaveDeps {
  readonly records: ImageRecords;
  readonly content: Pick<ContentStore, "path" | "info" | "readText">;
  readonly host: Platform;
  readonly leases: Leases;
  readonly events: Pick<Events, "emit">;
}

/**
 * `docker save`: images as one archive that Docker, Podman and skopeo read, as an OCI layout or in Docker's own format.
 * Blobs are written once, as they are. All names are looked up before the first byte.
 * @throws NotFound "No such image: …"
 */
export async function* saveImages(
  request: SaveRequest,
  deps: SaveDeps,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  using lease = deps.leases.open();
  const chosen = selectImages(request, deps.records);
  const roots = await Promise.all(chosen.map((one) => rootOf(one, request, deps)));
  const images = chosen.map((one, index) => ({ ...one, root: roots[index]!.root }));
  const blobs = new Set(roots.flatMap((one) => one.blobs));
  for (const digest of blobs) lease.add(digest);
  yield* writeTar(members(images, blobs, deps, signal));
  for (const { image } of images) deps.events.emit(imageEvent("save", image, image.id));
}

/** Each image once, with the tags it was asked for by: none for an id, all of a repository named without a tag. */
function selectImages({ names, platforms }: SaveRequest, records: ImageRecords): ChosenImage[] {
  const byId = new Map<Digest, { image: ImageRecord; tags: Reference[] }>();
  const add = (image: ImageRecord, tags: readonly Reference[]) => {
    const saved = byId.get(image.id) ?? { image, tags: [] };
    byId.set(image.id, saved);
    const isNew = (tag: Reference) =>
      !saved.tags.some((known) => known.tag === tag.tag && isSameName(known, tag));
    saved.tags.push(...tags.filter(isNew));
  };
  for (const name of names) {
    const tagged = platforms.length > 0 ? [] : taggedUnder(name, records);
    for (const { image, reference } of tagged) add(image, [reference]);
    if (tagged.length > 0) continue;
    for (const platform of platforms.length > 0 ? platforms : [undefined]) {
      const image = getImage(records, name, platform);
      const reference = isIdOf(image, name) ? undefined : parseReference(name);
      const isTag = reference && !reference.digest && (reference.tag ?? platform);
      add(image, isTag ? [withDefaultTag(reference)] : []);
    }
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

interface Root {
  readonly root: Descriptor;
  readonly blobs: readonly Digest[];
}

/** An index goes whole, under its own digest, when all it lists is here; else the one image. */
async function rootOf(
  { image, tags: [tag] }: ChosenImage,
  { platforms }: SaveRequest,
  { records, content, host }: SaveDeps,
): Promise<Root> {
  const alone = { root: image.manifest, blobs: blobsOf(image) };
  const target = tag && platforms.length === 0 ? records.reference(tag)?.target : undefined;
  if (!target || target.digest === image.manifest.digest) return alone;
  const what = familiarReference(tag!);
  const source = await findPushSource(content, { target, platform: undefined, host, what }).catch(
    () => undefined,
  );
  if (source?.root.descriptor.digest !== target.digest) return alone;
  const manifests = source.images.flatMap(({ document, manifest }) => [
    document.descriptor.digest,
    manifest.config.digest,
    ...manifest.layers.map(({ digest }) => digest),
  ]);
  return {
    root: target,
    blobs: [...source.indexes.map(({ descriptor }) => descriptor.digest), ...manifests],
  };
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

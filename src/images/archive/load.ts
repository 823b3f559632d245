import { InvalidArgument } from "#base/errors.ts";
import { newId, shortId } from "#base/ids.ts";
import type { ByteSource } from "#base/streams.ts";
import type { Events } from "#events/types.ts";
import type { Descriptor, Platform } from "#spec/oci/manifest.ts";
import { mediaKind } from "#spec/oci/media-types.ts";
import { parseManifest } from "#spec/oci/parse-manifest.ts";
import { familiarReference, type Reference } from "#spec/reference.ts";
import { canRun } from "#spec/select-manifest.ts";
import type { ContentStore, LayerUnpacker, Lease, Leases, Snapshotter } from "#storage/types.ts";
import { imageEvent } from "../events.ts";
import type { LayerStage, Layers } from "../layers.ts";
import { progressLine } from "../progress.ts";
import type { Emit } from "../progress-stream.ts";
import { type LayerPlan, planLayers } from "../pull-plan.ts";
import { findSource, type ImageSource } from "../pull-target.ts";
import { imageRecordOf } from "../record-of.ts";
import type { ImageRecords } from "../records.ts";
import type { TrustGate } from "../trust/types.ts";
import type { ImageRecord } from "../types.ts";
import { writeManifest } from "../write-manifest.ts";
import { EarlyLayers } from "./early-layers.ts";
import { ArchiveFiles } from "./files.ts";
import { type ArchivedImage, readArtifacts, readLayout } from "./layout.ts";
import { archiveSignatures, MAX_UNLISTED_BYTES } from "./signatures.ts";
import { spoolArchive } from "./spool.ts";

export interface LoadDeps {
  readonly records: ImageRecords;
  readonly layers: Layers;
  readonly content: ContentStore;
  readonly snapshotter: Pick<Snapshotter, "layer" | "independentLayers" | "prepareLayer" | "discardLayer">;
  readonly unpacker: LayerUnpacker;
  readonly leases: Leases;
  readonly events: Pick<Events, "emit">;
  readonly host: Platform;
  readonly trust: Pick<TrustGate, "admitArchived">;
}

/**
 * `docker load`: all images of an archive, each visible once it is complete.
 * @throws InvalidArgument naming what is wrong with the archive
 */
export async function loadArchive(
  archive: ByteSource,
  options: LoadOptions,
  deps: LoadDeps,
  emit: Emit,
): Promise<void> {
  using lease = deps.leases.open();
  await using early = deps.snapshotter.independentLayers ? earlyLayers(deps) : undefined;
  const spooled = await spoolArchive(
    archive,
    { content: deps.content, lease, jobId: shortId(newId()), early },
    options.signal,
  );
  const files = new ArchiveFiles(spooled, deps.content, lease);
  const images = readLayout((name) => files.text(name));
  if (images.length === 0) throw new InvalidArgument("invalid archive: there is no image in it");
  const load = new Load(deps, { files, early, lease }, options, emit);
  const source = archiveSignatures(
    deps.content,
    readArtifacts((name) => files.text(name)),
    files.smallBlobs(MAX_UNLISTED_BYTES),
  );
  const transport = files.text("manifest.json") === undefined ? "oci-archive" : "docker-archive";
  for (const archived of images) {
    const target = await load.target(archived);
    const names = archived.names.length > 0 ? archived.names : [undefined];
    for (const reference of names)
      await deps.trust.admitArchived({
        transport,
        reference,
        signed: { target, source },
        signal: options.signal,
      });
    record(archived.names, target, await load.images(target), deps, emit);
  }
}

export interface LoadOptions {
  readonly quiet?: boolean;
  /** Of images for several only these; empty: all that are in the archive. */
  readonly platforms: readonly Platform[];
  readonly signal: AbortSignal;
}

interface Spooled {
  readonly files: ArchiveFiles;
  readonly early: EarlyLayers | undefined;
  readonly lease: Lease;
}

function earlyLayers(deps: LoadDeps): EarlyLayers {
  const sizes = deps.records.images().flatMap(({ layers }) => layers.map(({ size }) => size));
  return new EarlyLayers(deps, new Set(sizes));
}

/** Brings one archived image's layers into being. */
class Load {
  readonly #deps: LoadDeps;
  readonly #files: ArchiveFiles;
  readonly #early: EarlyLayers | undefined;
  readonly #lease: Lease;
  readonly #options: LoadOptions;
  readonly #emit: Emit;

  constructor(deps: LoadDeps, { files, early, lease }: Spooled, options: LoadOptions, emit: Emit) {
    this.#deps = deps;
    this.#early = early;
    this.#files = files;
    this.#lease = lease;
    this.#options = options;
    this.#emit = emit;
  }

  /** What an archived image is: the manifest or index it came with, or one made of Docker's list of files. */
  async target({ source }: ArchivedImage): Promise<Descriptor> {
    return source.kind === "oci" ? source.target : await this.#manifestOf(source.config, source.layers);
  }

  /** The images of one target, the one this host runs best last. */
  async images(target: Descriptor): Promise<ImageRecord[]> {
    const images: ImageRecord[] = [];
    for (const found of await this.#sourcesOf(target)) images.push(await this.#make(found));
    return images;
  }

  async #make(found: ImageSource): Promise<ImageRecord> {
    const stack = planLayers(found.manifest, found.config, "the archive");
    await this.#deps.layers.ensureAll(stack, {
      fetch: async ({ digest }) => {
        throw this.#files.missing(digest);
      },
      takeUnpacked: (digest) => this.#early?.take(digest) ?? Promise.resolve(undefined),
      progressOf: (layer) => this.#progressOf(layer),
      lease: this.#lease,
      signal: this.#options.signal,
    });
    return imageRecordOf(found, stack, this.#deps.snapshotter);
  }

  async #sourcesOf(target: Descriptor): Promise<ImageSource[]> {
    const { platforms } = this.#options;
    if (platforms.length > 0)
      return await Promise.all(platforms.map((platform) => this.#find(target, platform, true)));
    const present = await this.#presentIn(target);
    if (present.length < 2) return [await this.#find(present[0] ?? target, this.#deps.host, false)];
    const isOurs = ({ platform }: Descriptor) => platform && canRun(this.#deps.host, platform);
    const sorted = present.toSorted((a, b) => Number(isOurs(a) ?? false) - Number(isOurs(b) ?? false));
    return await Promise.all(sorted.map((one) => this.#find(one, this.#deps.host, false)));
  }

  /** Images an index lists that are in the archive. */
  async #presentIn(target: Descriptor): Promise<Descriptor[]> {
    const { content } = this.#deps;
    if (mediaKind(target.mediaType) !== "index" || !content.info(target.digest)) return [];
    const text = await content.readText(target.digest);
    const parsed = parseManifest(text, target.mediaType, "an index of the archive");
    if (parsed.kind !== "index") return [];
    return parsed.index.manifests.filter(
      ({ digest, platform }) => platform && platform.os !== "unknown" && content.info(digest) !== undefined,
    );
  }

  async #manifestOf(configName: string, layerNames: readonly string[]): Promise<Descriptor> {
    const config = await this.#files.blob(configName);
    const layers = await Promise.all(layerNames.map((name) => this.#files.blob(name)));
    return (await writeManifest(this.#deps.content, { config, layers }, this.#lease)).descriptor;
  }

  #find(target: Descriptor, platform: Platform, isPlatformRequired: boolean): Promise<ImageSource> {
    const missing = async ({ digest }: Descriptor): Promise<never> => {
      throw this.#files.missing(digest);
    };
    return findSource(
      {
        content: this.#deps.content,
        fetchManifest: missing,
        fetchBlob: missing,
        keep: (digest) => this.#lease.add(digest),
      },
      {
        target,
        platform,
        isPlatformRequired,
        what: "the archive",
        signal: this.#options.signal,
      },
    );
  }

  #progressOf({ blob, diffId }: LayerPlan): (stage: LayerStage) => void {
    if (this.#options.quiet) return () => {};
    return (stage) => {
      if (stage.stage !== "unpacking") return;
      const detail = { current: stage.currentBytes, total: blob.size };
      this.#emit(progressLine(shortId(diffId), "Loading layer", detail));
    };
  }
}

function record(
  names: readonly Reference[],
  target: Descriptor,
  images: readonly ImageRecord[],
  { records, events }: LoadDeps,
  emit: Emit,
): void {
  const replaced = names.flatMap((name) => {
    const before = records.reference(name);
    return before && !images.some(({ id }) => id === before.imageId) ? [{ name, id: before.imageId }] : [];
  });
  records.transaction(() => {
    for (const image of images) {
      records.putImage(records.image(image.id) ?? image);
      for (const name of names) records.putReference(name, { imageId: image.id, target });
    }
  });
  for (const image of images) events.emit(imageEvent("load", image, image.id));
  for (const { name, id } of replaced)
    emit({
      stream: `The image ${familiarReference(name)} already exists, renaming the old one with ID ${id} to empty string\n`,
    });
  if (names.length === 0) for (const { id } of images) emit({ stream: `Loaded image ID: ${id}\n` });
  for (const name of names) emit({ stream: `Loaded image: ${familiarReference(name)}\n` });
}

import { InvalidArgument } from "#base/errors.ts";
import { newId, shortId } from "#base/ids.ts";
import type { ByteSource } from "#base/streams.ts";
import type { Events } from "#events/types.ts";
import type { Descriptor, Platform } from "#spec/oci/manifest.ts";
import { familiarReference, type Reference } from "#spec/reference.ts";
import type { ContentStore, Lease, Leases, Snapshotter } from "#storage/types.ts";
import { imageEvent } from "../events.ts";
import type { LayerStage, Layers } from "../layers.ts";
import { progressLine } from "../progress.ts";
import type { Emit } from "../progress-stream.ts";
import { type LayerPlan, planLayers } from "../pull-plan.ts";
import { findSource, type ImageSource } from "../pull-target.ts";
import { imageRecordOf } from "../record-of.ts";
import type { ImageRecords } from "../records.ts";
import type { ImageRecord } from "../types.ts";
import { writeManifest } from "../write-manifest.ts";
import { ArchiveFiles } from "./files.ts";
import { type ArchivedImage, readLayout } from "./layout.ts";
import { spoolArchive } from "./spool.ts";

export interface LoadDeps {
  readonly records: ImageRecords;
  readonly layers: Layers;
  readonly content: ContentStore;
  readonly snapshotter: Pick<Snapshotter, "layer">;
  readonly leases: Leases;
  readonly events: Pick<Events, "emit">;
  readonly host: Platform;
}

/**
 * `docker load`: all images of an archive, each visible once it is complete.
 * @throws InvalidArgument naming what is wrong with the archive
 */
export async function loadArchive(
  archive: ByteSource,
  options: { readonly quiet?: boolean; readonly signal: AbortSignal },
  deps: LoadDeps,
  emit: Emit,
): Promise<void> {
  using lease = deps.leases.open();
  const spooled = await spoolArchive(
    archive,
    { content: deps.content, lease, jobId: shortId(newId()) },
    options.signal,
  );
  const files = new ArchiveFiles(spooled, deps.content, lease);
  const images = readLayout((name) => files.text(name));
  if (images.length === 0) throw new InvalidArgument("invalid archive: there is no image in it");
  for (const archived of images) {
    const { target, image } = await new Load(deps, files, lease, options, emit).image(archived);
    record(archived.names, target, image, deps, emit);
  }
}

/** Brings one archived image's layers into being. */
class Load {
  readonly #deps: LoadDeps;
  readonly #files: ArchiveFiles;
  readonly #lease: Lease;
  readonly #options: { readonly quiet?: boolean; readonly signal: AbortSignal };
  readonly #emit: Emit;

  constructor(
    deps: LoadDeps,
    files: ArchiveFiles,
    lease: Lease,
    options: { readonly quiet?: boolean; readonly signal: AbortSignal },
    emit: Emit,
  ) {
    this.#deps = deps;
    this.#files = files;
    this.#lease = lease;
    this.#options = options;
    this.#emit = emit;
  }

  async image({ source }: ArchivedImage): Promise<{ target: Descriptor; image: ImageRecord }> {
    const target =
      source.kind === "oci" ? source.target : await this.#manifestOf(source.config, source.layers);
    const found = await this.#find(target);
    const stack = planLayers(found.manifest, found.config, "the archive");
    await this.#deps.layers.ensureAll(stack, {
      fetch: async ({ digest }) => {
        throw this.#files.missing(digest);
      },
      progressOf: (layer) => this.#progressOf(layer),
      lease: this.#lease,
      signal: this.#options.signal,
    });
    return { target, image: imageRecordOf(found, stack, this.#deps.snapshotter) };
  }

  async #manifestOf(configName: string, layerNames: readonly string[]): Promise<Descriptor> {
    const config = await this.#files.blob(configName);
    const layers = await Promise.all(layerNames.map((name) => this.#files.blob(name)));
    return (await writeManifest(this.#deps.content, { config, layers }, this.#lease)).descriptor;
  }

  #find(target: Descriptor): Promise<ImageSource> {
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
        platform: this.#deps.host,
        isPlatformRequired: false,
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
  image: ImageRecord,
  { records, events }: LoadDeps,
  emit: Emit,
): void {
  const replaced = names.flatMap((name) => {
    const before = records.reference(name);
    return before && before.imageId !== image.id ? [{ name, id: before.imageId }] : [];
  });
  records.transaction(() => {
    records.putImage(records.image(image.id) ?? image);
    for (const name of names) records.putReference(name, { imageId: image.id, target });
  });
  events.emit(imageEvent("load", image, image.id));
  for (const { name, id } of replaced)
    emit({
      stream: `The image ${familiarReference(name)} already exists, renaming the old one with ID ${id} to empty string\n`,
    });
  if (names.length === 0) emit({ stream: `Loaded image ID: ${image.id}\n` });
  for (const name of names) emit({ stream: `Loaded image: ${familiarReference(name)}\n` });
}

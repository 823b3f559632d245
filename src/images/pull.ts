import { Limiter } from "#base/async.ts";
import type { Clock } from "#base/clock.ts";
import type { Digest } from "#base/digest.ts";
import { Cancelled, Unavailable } from "#base/errors.ts";
import { shortId } from "#base/ids.ts";
import type { Events } from "#events/types.ts";
import type { Repository } from "#registry/client.ts";
import { credentialsOf } from "#registry/credentials.ts";
import type { Registries } from "#registry/registries.ts";
import type { Descriptor, Platform } from "#spec/oci/manifest.ts";
import { parsePlatform } from "#spec/platform.ts";
import {
  canonicalReference,
  DEFAULT_TAG,
  familiarName,
  familiarReference,
  parseReference,
  type Reference,
  withDefaultTag,
  withDigest,
  withTag,
} from "#spec/reference.ts";
import type { ContentStore, Lease, Leases, Snapshotter } from "#storage/types.ts";
import { pullEvent } from "./events.ts";
import { fetchBlob } from "./fetch-blob.ts";
import type { FetchBlob, Layers } from "./layers.ts";
import { asListed, isMadeFor } from "./made-for.ts";
import { progressLine, statusLine } from "./progress.ts";
import type { Emit } from "./progress-stream.ts";
import { type LayerPlan, planLayers } from "./pull-plan.ts";
import { layerProgress } from "./pull-progress.ts";
import { findSource, type ImageSource } from "./pull-target.ts";
import type { Slots } from "./read-parts.ts";
import { imageRecordOf } from "./record-of.ts";
import type { ImageRecords } from "./records.ts";
import { storeBytes } from "./store-bytes.ts";
import type { TrustGate } from "./trust/types.ts";
import type { ImageRecord, PullRequest } from "./types.ts";

export interface PullDeps {
  readonly records: ImageRecords;
  readonly layers: Layers;
  readonly content: ContentStore;
  readonly snapshotter: Pick<Snapshotter, "layer">;
  readonly leases: Leases;
  readonly registries: Pick<Registries, "open">;
  readonly trust: TrustGate;
  readonly events: Pick<Events, "emit">;
  readonly clock: Clock;
  readonly host: Platform;
  readonly maxConcurrentDownloads: number;
  readonly maxDownloadAttempts: number;
  readonly extraConnections: Slots;
}

/** Brings what a reference names from its registry: blobs, unpacked layers, and last the records. */
export async function pull(
  request: Omit<PullRequest, "signal">,
  deps: PullDeps,
  emit: Emit,
  signal: AbortSignal,
): Promise<void> {
  const named = parseReference(request.reference);
  if (!request.allTags) deps.trust.checkName(withDefaultTag(named));
  const repository = deps.registries.open(named, credentialsOf(request.auth));
  const platform = request.platform ? parsePlatform(request.platform, deps.host) : undefined;
  const references = request.allTags
    ? (await repository.tags(signal)).map((tag) => withTag(named, tag))
    : [withDefaultTag(named)];
  let hasChanged = false;
  for (const reference of references)
    hasChanged =
      (await new Pull(deps, { reference, repository, platform, emit, signal }).run()) || hasChanged;
  const name = request.allTags ? familiarName(named) : familiarReference(references[0]!);
  const status = hasChanged ? "Downloaded newer image for" : "Image is up to date for";
  emit(statusLine(`Status: ${status} ${name}`));
}

interface PullOne {
  readonly reference: Reference;
  readonly repository: Repository;
  readonly platform: Platform | undefined;
  readonly emit: Emit;
  readonly signal: AbortSignal;
}

/** One tag or digest on its way. */
class Pull {
  readonly #deps: PullDeps;
  readonly #one: PullOne;
  readonly #asked: string;
  readonly #downloads: Limiter;

  constructor(deps: PullDeps, one: PullOne) {
    this.#deps = deps;
    this.#one = one;
    this.#asked = one.reference.digest ?? one.reference.tag ?? DEFAULT_TAG;
    this.#downloads = new Limiter(deps.maxConcurrentDownloads);
  }

  /**
   * What an interrupted pull has brought is kept for another try.
   * @returns whether the reference points to another image now
   */
  async run(): Promise<boolean> {
    using lease = this.#deps.leases.open({ resumable: `pull ${canonicalReference(this.#one.reference)}` });
    try {
      const hasChanged = await this.#bring(lease);
      lease.complete();
      return hasChanged;
    } catch (error) {
      if (!isInterruption(error)) lease.complete();
      throw error;
    }
  }

  async #bring(lease: Lease): Promise<boolean> {
    const { reference, repository: source, emit, signal } = this.#one;
    const target = await this.#resolve(lease);
    await this.#deps.trust.admit({ reference, target, source, signal });
    emit(statusLine(`Pulling from ${reference.path}`, this.#asked));
    const hasChanged = !this.#isUpToDate(target) && (await this.#fetch(target, lease));
    emit(statusLine(`Digest: ${target.digest}`));
    return hasChanged;
  }

  async #resolve(lease: Lease): Promise<Descriptor> {
    const { repository, signal } = this.#one;
    const known = await repository.resolve(this.#asked, signal);
    if (known) return known;
    const { descriptor, bytes } = await repository.manifest(this.#asked, signal);
    lease.add(descriptor.digest);
    await storeBytes(this.#deps.content, descriptor.digest, bytes);
    return descriptor;
  }

  #isUpToDate(target: Descriptor): boolean {
    const { records, host } = this.#deps;
    const known = records.reference(this.#one.reference);
    const image = known?.target.digest === target.digest ? this.#usableImage(known.imageId) : undefined;
    return image !== undefined && isMadeFor(this.#one.platform ?? host, image);
  }

  /** An image of ours whose layers are there: nothing of it needs to be fetched, however it is compressed elsewhere. */
  #usableImage(id: Digest): ImageRecord | undefined {
    const image = this.#deps.records.image(id);
    const hasLayers = !image?.chainId || this.#deps.snapshotter.layer(image.chainId) !== undefined;
    return hasLayers ? image : undefined;
  }

  async #fetch(target: Descriptor, lease: Lease): Promise<boolean> {
    const { content, host } = this.#deps;
    const { reference, repository, platform, signal } = this.#one;
    const keep = (digest: Digest) => lease.add(digest);
    const what = familiarReference(reference);
    const source = await findSource(
      {
        content,
        fetchManifest: async ({ digest }) => (await repository.manifest(digest, signal)).bytes,
        fetchBlob: this.#fetchBlob,
        keep,
      },
      { target, platform: platform ?? host, isPlatformRequired: platform !== undefined, what, signal },
    );
    const image = this.#usableImage(source.imageId) ?? (await this.#make(source, lease));
    return this.#record(target, image, source.listedAs);
  }

  async #make(source: ImageSource, lease: Lease): Promise<ImageRecord> {
    const { layers, snapshotter, clock } = this.#deps;
    const { reference, emit, signal } = this.#one;
    const stack = planLayers(source.manifest, source.config, familiarReference(reference));
    this.#announce(stack);
    const progressOf = (layer: LayerPlan) => layerProgress(layer, emit, clock);
    await layers.ensureAll(stack, { fetch: this.#fetchBlob, progressOf, lease, signal });
    return imageRecordOf(source, stack, snapshotter);
  }

  readonly #fetchBlob: FetchBlob = (descriptor, { signal, onProgress }) => {
    const { content, clock, extraConnections, maxDownloadAttempts: maxAttempts } = this.#deps;
    const { repository, reference } = this.#one;
    const what = familiarReference(reference);
    return this.#downloads.run(() =>
      fetchBlob(
        { repository, content, clock, maxAttempts, extraConnections },
        {
          descriptor,
          what,
          onProgress: (currentBytes, file) => onProgress({ currentBytes, file }),
          signal,
        },
      ),
    );
  };

  #announce(stack: readonly LayerPlan[]): void {
    const { layers, maxConcurrentDownloads } = this.#deps;
    const { emit } = this.#one;
    const missing = new Set(stack.filter((layer) => !layers.has(layer)));
    const tell = ({ blob }: LayerPlan, status: string) => emit(progressLine(shortId(blob.digest), status));
    for (const layer of stack) tell(layer, missing.has(layer) ? "Pulling fs layer" : "Already exists");
    for (const layer of [...missing].slice(maxConcurrentDownloads)) tell(layer, "Waiting");
  }

  /** The last step: until here nobody sees the image, and a crash leaves only blobs and layers to be used again. */
  #record(target: Descriptor, made: ImageRecord, listedAs: Platform | undefined): boolean {
    const { records, events } = this.#deps;
    const image = asListed(this.#usableImage(made.id) ?? made, listedAs); // another pull may have been faster
    const { reference } = this.#one;
    const before = records.reference(reference)?.imageId;
    records.transaction(() => {
      records.putImage(image);
      records.putReference(reference, { imageId: image.id, target });
      records.putReference(withDigest(reference, target.digest), { imageId: image.id, target });
    });
    events.emit(pullEvent(reference, image));
    return before !== image.id;
  }
}

/** The client left, the daemon stops, the registry is silent: anything but a reason to fail again. */
function isInterruption(error: unknown): boolean {
  return error instanceof Cancelled || error instanceof Unavailable;
}

import type { Clock } from "#base/clock.ts";
import { type Digest, isDigest } from "#base/digest.ts";
import { Conflict } from "#base/errors.ts";
import type { Filters } from "#base/filters.ts";
import type { Log } from "#base/log.ts";
import type { Events } from "#events/types.ts";
import { credentialsOf } from "#registry/credentials.ts";
import { type LoginResult, login } from "#registry/login.ts";
import type { Registries } from "#registry/registries.ts";
import type { AuthConfig } from "#spec/docker/auth.ts";
import type {
  ImageHistoryItem,
  ImageManifestSummary,
  ImagePruneResponse,
  ImageSearchItem,
  ProgressLine,
} from "#spec/docker/images.ts";
import type { Platform } from "#spec/oci/manifest.ts";
import { normalisePlatform, parsePlatform } from "#spec/platform.ts";
import { familiarReference, parseReference } from "#spec/reference.ts";
import type { StateStore } from "#state/types.ts";
import type { CollectedGarbage, GarbagePlan } from "#storage/gc/sweep.ts";
import type { Storage } from "#storage/storage.ts";
import type { ContentStore } from "#storage/types.ts";
import { createImageBlobs, type ImageBlobs } from "./blobs.ts";
import type { CommitImageRequest } from "./commit.ts";
import { inspectDistribution } from "./distribution.ts";
import { type DryRunDeps, planPruneImages, planRemoveImage, type Removed } from "./dry-run.ts";
import { imageEvent } from "./events.ts";
import { rootsOf } from "./garbage.ts";
import { ancestorsOf, imageHistory } from "./history.ts";
import { Layers } from "./layers.ts";
import { listImages } from "./list.ts";
import { isMadeFor } from "./made-for.ts";
import { describeManifests } from "./manifests.ts";
import { openRegistries } from "./open-registries.ts";
import type { ImagesOptions } from "./options.ts";
import { evictImage, pruneImages } from "./prune.ts";
import { ImageRecords } from "./records.ts";
import { removeImage } from "./remove.ts";
import { findImage, getImage } from "./resolve.ts";
import { ImageRetention } from "./retention.ts";
import { searchImages } from "./search.ts";
import { parseTagTarget } from "./tag.ts";
import { Transfers } from "./transfers.ts";
import type { Images, ImageUsers, ImageView, PullRequest, PushRequest, SearchRequest } from "./types.ts";

export interface ImagesDeps {
  readonly state: StateStore;
  readonly storage: Pick<
    Storage,
    "content" | "snapshotter" | "planGarbage" | "unpacker" | "compressor" | "leases" | "collectGarbage"
  >;
  readonly events: Pick<Events, "emit">;
  readonly users: ImageUsers;
  readonly clock: Clock;
  readonly log: Log;
  /** What this host runs. */
  readonly host: Platform;
  readonly options?: Partial<ImagesOptions>;
}

export function createImages(deps: ImagesDeps): Images {
  return new LocalImages(deps);
}

type RemoveOptions = Parameters<Images["remove"]>[1];

class LocalImages implements Images {
  readonly #deps: ImagesDeps;
  readonly #host: Platform;
  readonly #records: ImageRecords;
  readonly #layers: Layers;
  readonly retention: ImageRetention;
  readonly #registries: Registries;
  readonly #transfers: Transfers;
  #isPruning = false;

  readonly blobs: ImageBlobs;

  constructor(deps: ImagesDeps) {
    this.#deps = deps;
    this.#host = normalisePlatform(deps.host);
    this.#records = new ImageRecords(deps.state);
    this.retention = new ImageRetention(deps.state, () => deps.clock.now());
    this.blobs = createImageBlobs(this.#records, deps.storage.content);
    this.#layers = new Layers(deps.storage);
    this.#registries = openRegistries(deps.clock, deps.options);
    this.#transfers = new Transfers({
      ...deps,
      records: this.#records,
      layers: this.#layers,
      registries: this.#registries,
      host: this.#host,
      options: deps.options,
      collect: () => this.#collect(),
    });
    discardDeadIngests(deps.storage.content);
  }

  async list(request: { readonly all?: boolean; readonly filters?: Filters }): Promise<ImageView[]> {
    const records = this.#records;
    return listImages(request, {
      views: records.images().map((image) => records.view(image)),
      hasChildren: ({ id }) => records.childrenOf(id).length > 0,
      isBeside: ({ id }) => records.referencesOf(id).length === 0 && records.referencesWith(id).length > 0,
      get: (nameOrId) => getImage(records, nameOrId),
      nowMs: this.#deps.clock.now(),
    });
  }

  get(nameOrId: string, platform?: string): ImageView {
    return this.#records.view(getImage(this.#records, nameOrId, this.#platform(platform)));
  }

  find(nameOrId: string, platform?: string): ImageView | undefined {
    const wanted = this.#platform(platform);
    const image = findImage(this.#records, nameOrId, wanted);
    return image && (!wanted || isMadeFor(wanted, image)) ? this.#records.view(image) : undefined;
  }

  history(nameOrId: string, platform?: string): ImageHistoryItem[] {
    const { snapshotter } = this.#deps.storage;
    const image = this.get(nameOrId, platform);
    const bytesOf = (chainId: Digest) => snapshotter.layer(chainId)?.sizeBytes ?? 0;
    return imageHistory(image, bytesOf, ancestorsOf(image, this.#records));
  }

  tag(nameOrId: string, repo: string, tag: string): void {
    const records = this.#records;
    const image = getImage(records, nameOrId);
    const reference = parseTagTarget(repo, tag);
    const { target, others } = records.named(nameOrId) ?? { target: image.manifest };
    records.transaction(() => {
      records.putImage({ ...image, lastTagTime: new Date(this.#deps.clock.now()).toISOString() });
      records.putReference(reference, { imageId: image.id, target, ...(others ? { others } : {}) });
    });
    this.#deps.events.emit(imageEvent("tag", image, familiarReference(reference)));
  }

  manifests({ id, manifest }: ImageView): Promise<ImageManifestSummary[]> {
    const records = this.#records;
    const [reference] = records.referencesOf(id);
    return describeManifests(reference?.target ?? manifest, {
      content: this.#deps.storage.content,
      users: this.#deps.users,
      imageOf: (digest) =>
        [id, ...(reference?.others ?? [])]
          .flatMap((one) => records.image(one) ?? [])
          .find((image) => image.manifest.digest === digest),
    });
  }

  remove(nameOrId: string, options: RemoveOptions) {
    const { users, events } = this.#deps;
    const { force = false, prune = true } = options;
    const platforms = this.#platforms(options.platforms);
    return removeImage(
      { nameOrId, force, prune, platforms },
      { records: this.#records, users, events, collect: async () => (await this.#collect()).layers },
    );
  }

  planRemove(nameOrId: string, options: RemoveOptions, removed: Removed): Promise<ImagePruneResponse> {
    const { force = false, prune = true } = options;
    const platforms = this.#platforms(options.platforms);
    return planRemoveImage({ nameOrId, force, prune, platforms }, removed, this.#dryRunDeps());
  }

  planPrune(filters: Filters, removed: Removed): Promise<ImagePruneResponse> {
    return planPruneImages(filters, removed, this.#dryRunDeps());
  }

  async prune(filters: Filters): Promise<ImagePruneResponse> {
    if (this.#isPruning) throw new Conflict("a prune operation is already running");
    this.#isPruning = true;
    const { users, events, clock, storage } = this.#deps;
    try {
      return await pruneImages(filters, {
        records: this.#records,
        users,
        retention: this.retention,
        events,
        collect: () => {
          storage.leases.forgetInterrupted();
          return this.#collect();
        },
        nowMs: clock.now(),
      });
    } finally {
      this.#isPruning = false;
    }
  }

  pull(request: PullRequest): AsyncIterable<ProgressLine> {
    return this.#transfers.pull(request);
  }

  push(request: PushRequest): AsyncIterable<ProgressLine> {
    return this.#transfers.push(request);
  }

  load(...request: Parameters<Images["load"]>): AsyncIterable<ProgressLine> {
    return this.#transfers.load(...request);
  }

  save(...request: Parameters<Images["save"]>): AsyncIterable<Uint8Array> {
    return this.#transfers.save(...request);
  }

  importArchive(...request: Parameters<Images["importArchive"]>): AsyncIterable<ProgressLine> {
    return this.#transfers.importArchive(...request);
  }

  commit(request: CommitImageRequest): Promise<Digest> {
    return this.#transfers.commit(request);
  }

  search(request: SearchRequest): Promise<ImageSearchItem[]> {
    return searchImages(request, this.#registries.transport());
  }

  inspectDistribution(name: string, { auth, signal }: Parameters<Images["inspectDistribution"]>[1]) {
    const repository = this.#registries.open(parseReference(name), credentialsOf(auth));
    return inspectDistribution(name, repository, signal);
  }

  login(auth: AuthConfig, signal?: AbortSignal): Promise<LoginResult> {
    return login({ transport: this.#registries.transport(), clock: this.#deps.clock }, auth, signal);
  }

  pin(nameOrId: string): void {
    this.retention.pin(getImage(this.#records, nameOrId).id);
  }

  unpin(nameOrId: string): void {
    this.retention.unpin(getImage(this.#records, nameOrId).id);
  }

  evict(id: Digest): boolean {
    const { users, events } = this.#deps;
    return evictImage(id, { records: this.#records, retention: this.retention, users, events });
  }

  planGarbage(): GarbagePlan {
    return this.#deps.storage.planGarbage({ digests: rootsOf(this.#records) });
  }

  collectGarbage(): Promise<CollectedGarbage> {
    return this.#collect();
  }

  targetsOf(imageId: Digest): Digest[] {
    return this.#records.referencesWith(imageId).map(({ target }) => target.digest);
  }

  count(): number {
    return this.#records.count();
  }

  async close(): Promise<void> {
    await this.#layers.close();
  }

  #dryRunDeps(): DryRunDeps {
    const { users, storage, clock } = this.#deps;
    const { retention } = this;
    const planGarbage: DryRunDeps["planGarbage"] = (roots) => storage.planGarbage(roots);
    return { records: this.#records, users, retention, planGarbage, nowMs: clock.now() };
  }

  #platforms(texts: readonly string[] = []): Platform[] {
    return texts.map((text) => parsePlatform(text, this.#host));
  }

  #platform(text: string | undefined): Platform | undefined {
    return text ? parsePlatform(text, this.#host) : undefined;
  }

  #collect(): Promise<CollectedGarbage> {
    return this.#deps.storage.collectGarbage({ digests: rootsOf(this.#records) });
  }
}

/** Of loads and imports a crash interrupted: unlike downloads, which are named by digest, nobody can resume them. */
function discardDeadIngests(content: ContentStore): void {
  for (const { key } of content.abandonedIngests()) if (!isDigest(key)) content.discardIngest(key);
}

import type { Clock } from "#base/clock.ts";
import type { Digest } from "#base/digest.ts";
import { messageOf } from "#base/errors.ts";
import type { Log } from "#base/log.ts";
import type { Events } from "#events/types.ts";
import type { Registries } from "#registry/registries.ts";
import { UnfinishedUploads } from "#registry/unfinished-uploads.ts";
import type { ProgressLine } from "#spec/docker/images.ts";
import type { Platform } from "#spec/oci/manifest.ts";
import { parsePlatform } from "#spec/platform.ts";
import type { Storage } from "#storage/storage.ts";
import { importArchive } from "./archive/import.ts";
import { loadArchive } from "./archive/load.ts";
import { saveImages } from "./archive/save.ts";
import { commitImage } from "./commit.ts";
import type { Layers } from "./layers.ts";
import { type ImagesOptions, withDefaults } from "./options.ts";
import { type Emit, streamProgress } from "./progress-stream.ts";
import { pull } from "./pull.ts";
import { push } from "./push.ts";
import { Slots } from "./read-parts.ts";
import type { ImageRecords } from "./records.ts";
import { createTrustGate } from "./trust/gate.ts";
import type { Images } from "./types.ts";

export interface TransfersDeps {
  readonly storage: Pick<Storage, "content" | "snapshotter" | "unpacker" | "compressor" | "leases">;
  readonly records: ImageRecords;
  readonly layers: Layers;
  readonly registries: Registries;
  readonly events: Pick<Events, "emit">;
  readonly clock: Clock;
  readonly log: Log;
  readonly host: Platform;
  /** Read anew by each job. */
  readonly options: Partial<ImagesOptions> | undefined;
  /** Deletes what nothing needs. */
  readonly collect: () => Promise<unknown>;
}

/** Of all pulls together, for large blobs; each may hold a part in memory. */
const EXTRA_CONNECTIONS = 4;

/** What a failed job left is removed with the next collection, if not by then. */
const COLLECT_AGAIN_MS = [1000, 10_000, 60_000];

/** The jobs that bring images in and out. */
export class Transfers
  implements Pick<Images, "pull" | "push" | "load" | "save" | "importArchive" | "commit">
{
  readonly #deps: TransfersDeps;
  readonly #unfinished = new UnfinishedUploads();
  readonly #extraConnections = new Slots(EXTRA_CONNECTIONS);

  constructor(deps: TransfersDeps) {
    this.#deps = deps;
  }

  pull({ signal, ...request }: Parameters<Images["pull"]>[0]): AsyncIterable<ProgressLine> {
    const { registries, options } = this.#deps;
    const own = { registries, extraConnections: this.#extraConnections };
    const job = (emit: Emit, ending: AbortSignal) =>
      pull(request, { ...this.#jobDeps(), ...withDefaults(options), ...own }, emit, ending);
    return this.#filling(job, signal);
  }

  push({ signal, ...request }: Parameters<Images["push"]>[0]): AsyncIterable<ProgressLine> {
    const { registries, storage } = this.#deps;
    const { maxConcurrentUploads, maxDownloadAttempts } = withDefaults(this.#deps.options);
    const pushDeps = {
      ...this.#jobDeps(),
      compressor: storage.compressor,
      registries,
      unfinished: this.#unfinished,
      maxConcurrentUploads,
      maxUploadAttempts: maxDownloadAttempts,
    };
    return streamProgress((emit, ending) => push(request, pushDeps, emit, ending), signal);
  }

  load(
    archive: Parameters<Images["load"]>[0],
    options: Parameters<Images["load"]>[1],
  ): AsyncIterable<ProgressLine> {
    const { quiet, signal } = options;
    const platforms = this.#platforms(options.platforms);
    return this.#filling(async (emit, ending) => {
      await loadArchive(archive, { quiet, platforms, signal: ending }, this.#jobDeps(), emit);
      if (platforms.length > 0) await this.#collectQuietly(); // what the archive had for others
    }, signal);
  }

  save(names: readonly string[], options: Parameters<Images["save"]>[1]): AsyncIterable<Uint8Array> {
    const platforms = this.#platforms(options.platforms);
    return saveImages({ names, platforms }, this.#jobDeps(), options.signal);
  }

  importArchive(
    archive: Parameters<Images["importArchive"]>[0],
    { signal, ...request }: Parameters<Images["importArchive"]>[1],
  ): AsyncIterable<ProgressLine> {
    return this.#filling(
      (emit, ending) => importArchive(archive, { ...request, signal: ending }, this.#jobDeps(), emit),
      signal,
    );
  }

  async commit(request: Parameters<Images["commit"]>[0]): Promise<Digest> {
    try {
      return await commitImage(request, this.#jobDeps());
    } catch (error) {
      await this.#collectQuietly();
      throw error;
    }
  }

  #jobDeps() {
    const { storage, records, layers, events, clock, host, options } = this.#deps;
    const { content, snapshotter, unpacker, leases } = storage;
    const trust = createTrustGate({
      policy: () => withDefaults(options).trustPolicy,
      nowMs: () => clock.now(),
    });
    return { content, snapshotter, unpacker, leases, events, clock, records, layers, host, trust };
  }

  #platforms(texts: readonly string[] = []): Platform[] {
    return texts.map((text) => parsePlatform(text, this.#deps.host));
  }

  /** What a job leaves when it fails is garbage, but for what its lease keeps for another try. */
  #filling(
    job: (emit: Emit, signal: AbortSignal) => Promise<void>,
    signal: AbortSignal | undefined,
  ): AsyncIterable<ProgressLine> {
    return streamProgress(async (emit, ending) => {
      try {
        await job(emit, ending);
      } catch (error) {
        await this.#collectQuietly();
        throw error;
      }
    }, signal);
  }

  /**
   * On a full disk not even the removal of a layer's record may find room, until the first things removed have made
   * some: so it is tried again at once, and later.
   */
  async #collectQuietly(): Promise<void> {
    if ((await this.#isCollected()) || (await this.#isCollected())) return;
    void this.#collectLater();
  }

  async #collectLater(): Promise<void> {
    for (const pauseMs of COLLECT_AGAIN_MS) {
      await this.#deps.clock.sleep(pauseMs);
      if (await this.#isCollected()) return;
    }
  }

  async #isCollected(): Promise<boolean> {
    const { collect, log } = this.#deps;
    try {
      await collect();
      return true;
    } catch (error) {
      log.warn("cannot collect garbage", { error: messageOf(error) });
      return false;
    }
  }
}

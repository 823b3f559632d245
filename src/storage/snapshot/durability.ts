import { setTimeout as sleep } from "node:timers/promises";
import type { Digest } from "#base/digest.ts";
import { messageOf } from "#base/errors.ts";
import type { Log } from "#base/log.ts";
import type { LayerRecord, SnapshotRecords } from "./records.ts";

export interface DurabilityDeps {
  readonly records: SnapshotRecords;
  /** Changes with every start of the kernel. */
  readonly bootId: string;
  /** Waits until everything in the data root has reached the disk; away from this thread. */
  readonly sync: () => Promise<unknown>;
  /** Whether a layer is what was committed; undefined where nothing can tell. */
  readonly verify: (layer: LayerRecord) => Promise<boolean | undefined>;
  readonly remove: (chainId: Digest) => Promise<void>;
  readonly log: Log;
  /** How long to wait for further layers before writing: those of one pull come soon after each other. */
  readonly lingerMs: number;
}

/**
 * A layer may be used before its files are on the disk: a pull need not wait for the disk, and the kernel keeps what a
 * dead process wrote. Only a power cut or a crash of the kernel loses it. So a record says which boot holds the files in
 * memory until they have been written, once for all layers that came meanwhile; after another boot such a layer is
 * verified where it can be, else removed, and the next pull unpacks it again from the blob, which is on the disk.
 */
export class Durability {
  readonly #deps: DurabilityDeps;
  #running: Promise<void> | undefined;
  #isAsked = false;
  readonly #stopped = new AbortController();

  constructor(deps: DurabilityDeps) {
    this.#deps = deps;
  }

  get bootId(): string {
    return this.#deps.bootId;
  }

  /** To be called when a layer was committed with `bootId` in its record. */
  committed(): void {
    this.#isAsked = true;
    this.#running ??= this.#run();
  }

  /** Resolves when nothing is left to write. */
  async settled(): Promise<void> {
    await this.#running;
  }

  /** Begins nothing more, and waits for what has begun: the rest is done by the next start. */
  async stop(): Promise<void> {
    this.#stopped.abort();
    await this.#running;
  }

  /** Looks after the layers of an earlier process, before any job runs. */
  async recover(): Promise<void> {
    const unsynced = this.#unsynced();
    const lost = unsynced.filter(({ unsyncedBoot }) => unsyncedBoot !== this.bootId);
    for (const layer of lost.toSorted((a, b) => b.depth - a.depth)) await this.#check(layer);
    if (unsynced.length > 0) this.committed();
  }

  async #run(): Promise<void> {
    try {
      while (this.#isAsked) {
        await sleep(this.#deps.lingerMs, undefined, { signal: this.#stopped.signal }).catch(() => {});
        if (this.#stopped.signal.aborted) return;
        this.#isAsked = false;
        const layers = this.#unsynced();
        await this.#deps.sync();
        for (const layer of layers) this.#markSynced(layer);
      }
    } catch (error) {
      this.#deps.log.warn("layers could not be written to the disk; they are tried again at the next start", {
        reason: messageOf(error),
      });
    } finally {
      this.#running = undefined;
    }
  }

  async #check(layer: LayerRecord): Promise<void> {
    const { records, verify, remove, log } = this.#deps;
    const { chainId } = layer;
    if (await verify(layer)) {
      records.layers.put({ ...layer, unsyncedBoot: this.bootId });
      return;
    }
    try {
      await remove(chainId);
      log.warn("a layer had not reached the disk when the host went down: pull its image again", { chainId });
    } catch (error) {
      log.warn("a layer may be damaged: it had not reached the disk when the host went down", {
        chainId,
        reason: messageOf(error),
      });
    }
  }

  #unsynced(): LayerRecord[] {
    return this.#deps.records.layers.list().filter(({ unsyncedBoot }) => unsyncedBoot !== undefined);
  }

  #markSynced({ chainId, directories }: LayerRecord): void {
    const { records } = this.#deps;
    const current = records.layers.get(chainId);
    if (current?.unsyncedBoot !== this.bootId || current.directories[0] !== directories[0]) return;
    const { unsyncedBoot: _done, ...synced } = current;
    records.layers.put(synced);
  }
}

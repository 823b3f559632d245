import { dirname, join } from "node:path";
import type { Clock } from "#base/clock.ts";
import type { Digest } from "#base/digest.ts";
import { Conflict, InvalidArgument, NotFound } from "#base/errors.ts";
import type { Log } from "#base/log.ts";
import { diskUsage } from "../layer/usage.ts";
import type { DiffSource, LayerInfo, PreparedLayer, Snapshotter, WritableOptions } from "../types.ts";
import type { NumberedDirectories } from "./directories.ts";
import { FILES, type SnapshotDriver } from "./driver.ts";
import { Durability } from "./durability.ts";
import { NO_QUOTA } from "./quota.ts";
import { type LayerRecord, layerRecord, type SnapshotRecords, type WritableRecord } from "./records.ts";

/** As many layers as Docker's images may have: one more for the container stays below its limit of 128. */
const MAX_LAYERS = 127;

/** As long as the next layer of the same pull may take. */
const SYNC_LINGER_MS = 1000;

export interface SnapshotterDeps {
  readonly driver: SnapshotDriver;
  readonly directories: NumberedDirectories;
  readonly records: SnapshotRecords;
  readonly clock: Pick<Clock, "now">;
  readonly log: Log;
  /** Changes with every start of the kernel. */
  readonly bootId: string;
  /** Waits until everything in the data root has reached the disk; away from this thread. */
  readonly sync: () => Promise<unknown>;
}

/**
 * The contract over one driver. A directory is made before its record and its record deleted before the directory, so
 * that a crash leaves directories too many, never records too many.
 */
export function createSnapshotter(deps: SnapshotterDeps): Snapshotter {
  return new DriverSnapshotter(deps);
}

class DriverSnapshotter implements Snapshotter {
  readonly #driver: SnapshotDriver;
  readonly #directories: NumberedDirectories;
  readonly #records: SnapshotRecords;
  readonly #clock: Pick<Clock, "now">;
  readonly #durability: Durability;
  /** Directories of jobs under way, which have no record yet. */
  readonly #underWay = new Set<number>();

  constructor({ driver, directories, records, clock, ...deps }: SnapshotterDeps) {
    this.#durability = new Durability({
      ...deps,
      lingerMs: SYNC_LINGER_MS,
      records,
      verify: async ({ directories: [own], diffId, seal }) =>
        seal ? await driver.verify?.(directories.path(own), { diffId, seal }) : undefined,
      remove: (chainId) => this.removeLayer(chainId),
    });
    this.#driver = driver;
    this.#directories = directories;
    this.#records = records;
    this.#clock = clock;
  }

  get name(): string {
    return this.#driver.name;
  }

  get status(): readonly (readonly [string, string])[] {
    return this.#driver.status;
  }

  get quotaTrouble(): string | undefined {
    return this.#driver.quota ? this.#driver.quota.trouble() : NO_QUOTA;
  }

  get independentLayers(): boolean {
    return this.#driver.independentLayers;
  }

  async prepareLayer(parent: Digest | undefined): Promise<PreparedLayer> {
    const lower = this.independentLayers ? [] : this.#lowerOf(parent);
    const number = await this.#fill((home) => this.#driver.prepare(home, lower));
    const { whiteouts, imageName } = this.#driver;
    return {
      key: String(number),
      directory: this.#directories.path(number, FILES),
      whiteouts,
      ...(imageName ? { image: this.#directories.path(number, imageName) } : {}),
    };
  }

  async commitLayer(
    prepared: PreparedLayer,
    layer: Pick<LayerInfo, "chainId" | "diffId" | "parent" | "sizeBytes">,
  ): Promise<LayerInfo> {
    const { chainId, parent } = layer;
    if ((this.#below(parent)?.depth ?? 0) >= MAX_LAYERS) throw new InvalidArgument("max depth exceeded");
    const { opaque, seal } = await this.#driver.complete(prepared, this.#lowerOf(parent));
    const own = Number(prepared.key);
    const record = this.#records.transaction(() => {
      const known = this.#records.layers.get(chainId);
      if (known) return known;
      const below = this.#below(parent); // asked again: it may have been removed, or replaced, meanwhile
      const made: LayerRecord = {
        ...infoOf({ ...layer, createdAtMs: this.#clock.now() }),
        directories: opaque ? [own] : [own, ...(below?.directories ?? [])],
        depth: 1 + (below?.depth ?? 0),
        ...(seal ? { seal } : {}),
        unsyncedBoot: this.#durability.bootId,
      };
      this.#records.layers.put(made);
      return made;
    });
    if (record.directories[0] === own) {
      this.#underWay.delete(own);
      this.#durability.committed();
    } else this.#abandon(own);
    return infoOf(record);
  }

  async discardLayer(prepared: PreparedLayer): Promise<void> {
    this.#abandon(Number(prepared.key));
  }

  layer(chainId: Digest): LayerInfo | undefined {
    const record = this.#records.layers.get(chainId);
    return record && infoOf(record);
  }

  layers(): LayerInfo[] {
    return this.#records.layers.list().map(infoOf);
  }

  /** Gone already counts as done. */
  async removeLayer(chainId: Digest): Promise<void> {
    const removed = this.#records.transaction(() => {
      const record = this.#records.layers.get(chainId);
      if (!record) return undefined;
      const [above] = this.#records.layers.find("parent", chainId);
      if (above) throw new Conflict(`layer ${chainId} is in use by layer ${above.chainId}`);
      const [writable] = this.#records.writables.find("parent", chainId);
      if (writable) throw new Conflict(`layer ${chainId} is in use by container ${writable.id}`);
      this.#records.layers.delete(chainId);
      return record;
    });
    if (removed) this.#directories.discard(removed.directories[0]);
  }

  async createWritable(
    id: string,
    parent: Digest | undefined,
    { sizeBytes }: WritableOptions = {},
  ): Promise<void> {
    this.#refuseSecond(id);
    const lower = this.#lowerOf(parent);
    const { quota } = this.#driver;
    const trouble = sizeBytes === undefined ? undefined : this.quotaTrouble;
    if (trouble !== undefined) throw new InvalidArgument(trouble);
    const directory = await this.#fill(async (home) => {
      if (sizeBytes !== undefined) quota?.before?.(home, sizeBytes);
      await this.#driver.createWritable(home, lower);
      if (sizeBytes !== undefined) quota?.after?.(home, sizeBytes);
    });
    try {
      this.#records.transaction(() => {
        this.#refuseSecond(id);
        this.#below(parent);
        this.#records.writables.put({ id, parent, directory, createdAtMs: this.#clock.now() });
      });
    } catch (error) {
      this.#abandon(directory);
      throw error;
    }
    this.#underWay.delete(directory);
  }

  rootMount(id: string) {
    const { directory, parent } = this.#writable(id);
    return this.#driver.rootMount(this.#directories.path(directory), this.#lowerOf(parent));
  }

  diffSource(id: string): DiffSource {
    const { kind, lower, upper, source, program } = this.rootMount(id);
    if (kind === "overlay")
      return { kind: "upper", upper: upper!, lower, ...(program ? { hasMarkFiles: true } : {}) };
    const before = this.#lowerOf(this.#writable(id).parent)[0];
    return { kind: "trees", before, after: source! };
  }

  driverData(id: string): Record<string, string> {
    const { directory, parent } = this.#writable(id);
    return this.#driver.data(this.#directories.path(directory), this.#lowerOf(parent));
  }

  layerData(chainId: Digest): Record<string, string> {
    const [own] = layerRecord(this.#records, chainId).directories;
    return this.#driver.data(this.#directories.path(own), this.#lowerOf(chainId).slice(1));
  }

  layerHome(chainId: Digest): string {
    const home = this.#directories.path(layerRecord(this.#records, chainId).directories[0]);
    const { imageName } = this.#driver;
    return imageName ? dirname(join(home, imageName)) : home; // beside it the same files are to be seen, mounted
  }

  writableFiles(id: string): string {
    return this.#directories.path(this.#writable(id).directory, FILES);
  }

  async writableSize(id: string): Promise<number> {
    return await diskUsage(this.writableFiles(id));
  }

  async removeWritable(id: string): Promise<void> {
    const record = this.#records.writables.get(id);
    if (!record) return;
    this.#records.writables.delete(id);
    this.#directories.discard(record.directory);
  }

  writables(): string[] {
    return this.#records.writables.list().map(({ id }) => id);
  }

  writableParents(): Digest[] {
    return this.#records.writables.list().flatMap(({ parent }) => parent ?? []);
  }

  async sweep(): Promise<number> {
    await this.#durability.recover();
    const known = new Set(this.#underWay);
    for (const { directories } of this.#records.layers.list()) known.add(directories[0]);
    for (const { directory } of this.#records.writables.list()) known.add(directory);
    const orphans = this.#directories.list().filter((number) => !known.has(number));
    for (const number of orphans) this.#directories.discard(number);
    this.#directories.emptyTrash();
    return orphans.length;
  }

  async close(): Promise<void> {
    await this.#durability.stop();
    if (!this.#driver.hide) return;
    for (const { directories } of this.#records.layers.list())
      this.#driver.hide(this.#directories.path(directories[0]));
  }

  /** A new directory, under way until its record is put. */
  async #fill(fill: (home: string) => Promise<void>): Promise<number> {
    const number = this.#directories.create();
    this.#underWay.add(number);
    try {
      await fill(this.#directories.path(number));
      return number;
    } catch (error) {
      this.#abandon(number);
      throw error;
    }
  }

  #abandon(number: number): void {
    this.#directories.discard(number);
    this.#underWay.delete(number);
  }

  /** The uppermost layer of a chain; undefined for an empty one. @throws NotFound */
  #below(top: Digest | undefined): LayerRecord | undefined {
    return top === undefined ? undefined : layerRecord(this.#records, top);
  }

  /** Where the files of a chain are, nearest layer first. @throws NotFound */
  #lowerOf(top: Digest | undefined): string[] {
    const numbers = this.#below(top)?.directories ?? [];
    return numbers.map((number) => this.#directories.path(number, FILES));
  }

  #writable(id: string): WritableRecord {
    const record = this.#records.writables.get(id);
    if (!record) throw new NotFound(`container ${id} has no writable directory`);
    return record;
  }

  #refuseSecond(id: string): void {
    if (this.#records.writables.get(id))
      throw new Conflict(`container ${id} has a writable directory already`);
  }
}

function infoOf({ chainId, diffId, parent, sizeBytes, createdAtMs }: LayerInfo): LayerInfo {
  return { chainId, diffId, parent, sizeBytes, createdAtMs };
}

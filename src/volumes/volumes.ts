import { join } from "node:path";
import type { Clock } from "#base/clock.ts";
import { Conflict, InvalidArgument, NotFound } from "#base/errors.ts";
import { newId } from "#base/ids.ts";
import type { Log } from "#base/log.ts";
import type { Events } from "#events/types.ts";
import type { Kernel } from "#kernel/types.ts";
import type { VolumeCreateRequest } from "#spec/docker/volumes.ts";
import type { StateStore } from "#state/types.ts";
import { LocalDriver, resolveOnHost } from "./drivers/local.ts";
import { listFilter, pruneFilter } from "./filters.ts";
import { checkVolumeName } from "./names.ts";
import { openRecords, type VolumeRecords } from "./records.ts";
import type { VolumeFilters, VolumePlace, VolumeRecord, VolumeRemovalPlan, Volumes } from "./types.ts";

export interface VolumesDeps {
  readonly dataRoot: string;
  readonly kernel: Pick<Kernel, "mounts">;
  readonly state: Pick<StateStore, "collection">;
  readonly events: Pick<Events, "emit">;
  readonly log: Log;
  readonly clock: Clock;
}

/** Docker's clients tell volumes without a name of their own by this. */
const ANONYMOUS_LABEL = "com.docker.volume.anonymous";

export function createVolumes(deps: VolumesDeps): Volumes {
  return new LocalVolumes(deps);
}

class LocalVolumes implements Volumes {
  readonly #deps: VolumesDeps;
  readonly #records: VolumeRecords;
  readonly #driver: LocalDriver;
  /** Containers for which each volume is mounted now. */
  readonly #mountedFor = new Map<string, Set<string>>();
  #isPruning = false;

  constructor(deps: VolumesDeps) {
    this.#deps = deps;
    this.#records = openRecords(deps.state);
    this.#driver = new LocalDriver({
      directory: join(deps.dataRoot, "volumes"),
      mounts: deps.kernel.mounts,
      resolve: resolveOnHost,
    });
  }

  list(filters: VolumeFilters = {}): VolumeRecord[] {
    return this.#records.volumes
      .list()
      .filter(listFilter(filters, ({ name }) => this.usersOf(name).length > 0));
  }

  get(name: string): VolumeRecord {
    const volume = this.find(name);
    if (!volume) throw new NotFound(`get ${name}: no such volume`);
    return volume;
  }

  find(name: string): VolumeRecord | undefined {
    return this.#records.volumes.get(name);
  }

  create(request: VolumeCreateRequest, options: { readonly anonymous?: boolean } = {}): VolumeRecord {
    if (request.ClusterVolumeSpec) throw new InvalidArgument("cluster volumes need a swarm");
    const driver = request.Driver || "local";
    const known = request.Name ? this.find(request.Name) : undefined;
    if (known && known.driver !== driver)
      throw new Conflict(`create ${known.name}: conflict: volume name must be unique`);
    if (known) return known;
    const volume = this.#plan(request, options.anonymous || !request.Name);
    if (driver !== "local")
      throw new NotFound(
        `create ${volume.name}: error looking up volume plugin ${driver}: plugin "${driver}" not found`,
      );
    this.#driver.check(volume);
    this.#records.volumes.put(volume);
    try {
      this.#driver.create(volume);
    } catch (error) {
      this.#records.volumes.delete(volume.name);
      throw error;
    }
    this.#emit("create", volume);
    return volume;
  }

  async remove(name: string, { force }: { readonly force: boolean }): Promise<void> {
    const volume = this.find(name);
    if (!volume && force) return;
    await this.#driver.purge(this.#withdraw(this.get(name)));
  }

  async planRemove(name: string, { force }: { readonly force: boolean }): Promise<VolumeRemovalPlan> {
    if (!this.find(name) && force) return { removed: [], spaceReclaimed: 0 };
    this.#refuseUsed(this.get(name));
    return { removed: [name], spaceReclaimed: await this.sizeBytes(name) };
  }

  async planPrune(
    filters: VolumeFilters,
    removedContainers: ReadonlySet<string>,
  ): Promise<VolumeRemovalPlan> {
    const matches = pruneFilter(filters);
    const isUnused = (name: string) => this.usersOf(name).every((user) => removedContainers.has(user));
    const removed = this.#records.volumes
      .list()
      .filter((volume) => matches(volume) && isUnused(volume.name))
      .map(({ name }) => name);
    const sizes = await Promise.all(removed.map((name) => this.sizeBytes(name)));
    return { removed, spaceReclaimed: sizes.reduce((sum, size) => sum + size, 0) };
  }

  async prune(
    filters: VolumeFilters,
  ): Promise<{ readonly removed: string[]; readonly spaceReclaimed: number }> {
    const matches = pruneFilter(filters);
    if (this.#isPruning) throw new Conflict("a prune operation is already running");
    this.#isPruning = true;
    try {
      return await this.#pruneMatching(matches);
    } finally {
      this.#isPruning = false;
    }
  }

  acquire(name: string, containerId: string): void {
    this.#records.uses.put({ volume: this.get(name).name, containerId });
  }

  release(containerId: string): string[] {
    const uses = this.#records.uses.find("container", containerId);
    for (const use of uses) {
      this.unmount(use.volume, containerId);
      this.#records.uses.delete(`${containerId}/${use.volume}`);
    }
    return uses.map(({ volume }) => volume);
  }

  usersOf(name: string): string[] {
    return this.#records.uses.find("volume", name).map(({ containerId }) => containerId);
  }

  mount(name: string, containerId: string, place?: VolumePlace): string {
    const volume = this.get(name);
    this.#driver.mount(volume);
    const users = this.#mountedFor.get(name) ?? new Set();
    this.#mountedFor.set(name, users.add(containerId));
    this.#emit("mount", volume, { container: containerId, ...placeAttributes(place) });
    return volume.mountpoint;
  }

  unmount(name: string, containerId: string): void {
    const users = this.#mountedFor.get(name);
    const volume = this.find(name);
    if (!users?.delete(containerId) || !volume) return;
    if (users.size === 0) {
      this.#mountedFor.delete(name);
      this.#driver.unmount(volume);
    }
    this.#emit("unmount", volume, { container: containerId });
  }

  async sizeBytes(name: string): Promise<number> {
    return await this.#driver.sizeBytes(this.get(name));
  }

  recover(running: ReadonlySet<string>): void {
    this.#adoptStored();
    for (const volume of this.#records.volumes.list()) {
      const users = this.usersOf(volume.name).filter((containerId) => running.has(containerId));
      if (users.length > 0) this.#mountedFor.set(volume.name, new Set(users));
      else this.#driver.unmount(volume);
    }
    for (const removed of this.#driver.withdrawn())
      this.#driver
        .purge(removed)
        .catch((error) => this.#deps.log.warn("cannot delete a removed volume", { path: removed, error }));
  }

  #plan(request: VolumeCreateRequest, anonymous: boolean): VolumeRecord {
    const name = request.Name || newId();
    checkVolumeName(name);
    return {
      name,
      driver: "local",
      mountpoint: this.#driver.mountpoint(name),
      createdAt: new Date(this.#deps.clock.now()).toISOString().replace(/\.\d+Z$/, "Z"),
      labels: { ...request.Labels, ...(anonymous ? { [ANONYMOUS_LABEL]: "" } : {}) },
      options: request.DriverOpts ?? {},
      anonymous,
    };
  }

  /**
   * The record goes first: a crash in between leaves a volume, never one that lost its data.
   * @returns where the data is until it is purged
   */
  #withdraw(volume: VolumeRecord): string {
    this.#refuseUsed(volume);
    this.#records.volumes.delete(volume.name);
    try {
      const removed = this.#driver.withdraw(volume);
      this.#emit("destroy", volume);
      return removed;
    } catch (error) {
      this.#records.volumes.put(volume);
      throw error;
    }
  }

  #refuseUsed({ name }: VolumeRecord): void {
    const users = this.usersOf(name);
    if (users.length > 0) throw new Conflict(`remove ${name}: volume is in use - [${users.join(", ")}]`);
  }

  async #pruneMatching(matches: (volume: VolumeRecord) => boolean) {
    const removed: string[] = [];
    let spaceReclaimed = 0;
    for (const { name } of this.#records.volumes.list().filter(matches)) {
      const isUnused = () => this.find(name) !== undefined && this.usersOf(name).length === 0;
      if (!isUnused()) continue;
      const sizeBytes = await this.sizeBytes(name);
      if (!isUnused()) continue; // a container took it while we measured
      const directory = this.#withdraw(this.get(name));
      removed.push(name);
      spaceReclaimed += sizeBytes;
      await this.#driver.purge(directory);
    }
    const attributes = { reclaimed: String(spaceReclaimed) };
    this.#deps.events.emit({ type: "volume", action: "prune", id: "", attributes });
    return { removed, spaceReclaimed };
  }

  #adoptStored(): void {
    for (const name of this.#driver.stored()) {
      if (this.find(name)) continue;
      this.#deps.log.warn("found a volume without a record, taking it in", { volume: name });
      this.#records.volumes.put(this.#plan({ Name: name }, false));
    }
  }

  #emit(action: string, { name, driver }: VolumeRecord, more: Readonly<Record<string, string>> = {}): void {
    this.#deps.events.emit({ type: "volume", action, id: name, attributes: { driver, ...more } });
  }
}

function placeAttributes(place: VolumePlace | undefined): Record<string, string> {
  if (!place) return {};
  const { destination, propagation, readOnly } = place;
  return { destination, propagation, "read/write": String(!readOnly) };
}

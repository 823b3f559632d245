/** Data that outlives containers, and the plan of what is mounted where in one. */
import type { MountPoint, MountSpec } from "#spec/docker/containers.ts";
import type { VolumeCreateRequest } from "#spec/docker/volumes.ts";

export interface VolumeRecord {
  readonly name: string;
  readonly driver: string;
  readonly mountpoint: string;
  /** RFC 3339. */
  readonly createdAt: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly options: Readonly<Record<string, string>>;
  /** Made because a container wanted a place without a name. */
  readonly anonymous: boolean;
}

/** Where a container has a volume, for the event that tells of it. */
export interface VolumePlace {
  readonly destination: string;
  readonly readOnly: boolean;
  readonly propagation: string;
}

export interface VolumeFilters {
  readonly [key: string]: readonly string[];
}

export interface VolumeRemovalPlan {
  readonly removed: readonly string[];
  readonly spaceReclaimed: number;
}

export interface Volumes {
  list(filters?: VolumeFilters): VolumeRecord[];
  /** @throws NotFound "get X: no such volume" */
  get(name: string): VolumeRecord;
  find(name: string): VolumeRecord | undefined;
  /** Idempotent by name. @throws Conflict when the name has another driver */
  create(request: VolumeCreateRequest, options?: { readonly anonymous?: boolean }): VolumeRecord;
  /** @throws Conflict "remove X: volume is in use - [ID]" */
  remove(name: string, options: { readonly force: boolean }): Promise<void>;
  prune(filters: VolumeFilters): Promise<{ readonly removed: string[]; readonly spaceReclaimed: number }>;
  /** What `remove` would delete now: nothing for one that is not there, when forced. @throws as `remove` */
  planRemove(name: string, options: { readonly force: boolean }): Promise<VolumeRemovalPlan>;
  /** What `prune` would delete now, if these containers were gone. */
  planPrune(filters: VolumeFilters, removedContainers: ReadonlySet<string>): Promise<VolumeRemovalPlan>;
  /** Notes that a container uses a volume; with the container's removal `release` forgets it. */
  acquire(name: string, containerId: string): void;
  release(containerId: string): string[];
  usersOf(name: string): string[];
  /** Makes the volume's directory usable (mounts nfs, tmpfs, … volumes). @returns the directory */
  mount(name: string, containerId: string, place?: VolumePlace): string;
  unmount(name: string, containerId: string): void;
  sizeBytes(name: string): Promise<number>;
  /**
   * Mounts that no container uses any more are undone, what a removal left half done is finished. A directory without a
   * record becomes a volume again: losing the record must not lose the data.
   */
  recover(running: ReadonlySet<string>): void;
}

/** One mount of a container, decided at create and kept in its record. */
export interface PlannedMount {
  readonly type: "bind" | "volume" | "tmpfs" | "image";
  /** Absolute path in the container. */
  readonly destination: string;
  /** Host path for "bind"; volume name for "volume". */
  readonly source: string;
  readonly volume: string | undefined;
  readonly driver: string | undefined;
  readonly readOnly: boolean;
  readonly propagation: string;
  /** As Docker prints it in Mounts[].Mode. */
  readonly mode: string;
  /** Fill an empty volume with what the image has there. */
  readonly copyUp: boolean;
  readonly recursive: boolean;
  readonly subpath: string | undefined;
  /** For a bind whose source is missing: make the directory (-v) or refuse (--mount). */
  readonly createSource: boolean;
  readonly tmpfsOptions: readonly string[];
  /** Removed with the container by `rm -v` or --rm. */
  readonly anonymous: boolean;
  readonly spec: MountSpec | undefined;
}

/** As inspect shows it. */
export type MountView = MountPoint;

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
  /** Seen by a whole cluster, as its plugin says; absent: this host's. */
  readonly scope?: "global";
  /** It is how that volume was at `createdAt`, and is only read. */
  readonly snapshotOf?: string;
  /** What its files may take; absent: as much room as there is. */
  readonly quota?: VolumeQuota;
  /** A change that was begun: until it is done, or taken back by the next daemon, nobody sees the volume. */
  readonly pending?: PendingChange;
}

export interface VolumeQuota {
  readonly sizeBytes: number;
  /** Of the file system's project quotas: no other volume's. */
  readonly project: number;
}

export type PendingChange =
  | { readonly kind: "create" }
  | { readonly kind: "remove" }
  | { readonly kind: "rename"; readonly to: string };

/** What is asked of the driver itself, or measured. */
export interface VolumeDetails extends VolumeRecord {
  /** In the plugin's own words. */
  readonly status?: Readonly<Record<string, unknown>> | undefined;
  /** Only where it was asked for. */
  readonly usage?: VolumeUsage | undefined;
}

export interface VolumeUsage {
  /** -1: cannot be known. */
  readonly sizeBytes: number;
  /** Containers made with it. */
  readonly users: number;
}

export interface VolumeListing {
  readonly volumes: VolumeDetails[];
  /** Plugins that did not answer. */
  readonly warnings: string[];
}

export interface VolumeCreateOptions {
  readonly anonymous?: boolean;
  /** A container that uses the volume from this very moment on. */
  readonly user?: string;
  /** Called when a local volume was made that was not there before. */
  readonly onMade?: () => void;
}

export interface CopyOptions {
  /** Containers that use the volume stand still while it is copied. Default true. */
  readonly freeze?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly signal?: AbortSignal;
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

/**
 * Every change is recorded before it begins and cleared when it is done, so that the next daemon finishes or undoes what
 * this one left. Work on one volume waits for other work on it; a plugin that does not answer holds up its own volumes
 * and nothing else.
 */
export interface Volumes {
  /** Those with a record: no plugin is asked. @throws InvalidArgument for an unknown filter */
  list(filters?: VolumeFilters): VolumeRecord[];
  /** With the volumes that plugins know and we do not. */
  listAll(filters: VolumeFilters, options: { readonly sizes: boolean }): Promise<VolumeListing>;
  /** @throws NotFound "get X: no such volume" */
  get(name: string): VolumeRecord;
  find(name: string): VolumeRecord | undefined;
  /** As `get`, with what its driver says. */
  inspect(name: string, options: { readonly sizes: boolean }): Promise<VolumeDetails>;
  /** Idempotent by name. @throws Conflict when the name has another driver */
  create(request: VolumeCreateRequest, options?: VolumeCreateOptions): Promise<VolumeRecord>;
  /** @throws Conflict "remove X: volume is in use - [ID]" */
  remove(name: string, options: { readonly force: boolean }): Promise<void>;
  prune(filters: VolumeFilters): Promise<VolumeRemovalPlan>;
  /** What `remove` would delete now: nothing for one that is not there, when forced. @throws as `remove` */
  planRemove(name: string, options: { readonly force: boolean }): Promise<VolumeRemovalPlan>;
  /** What `prune` would delete now, if these containers were gone. */
  planPrune(filters: VolumeFilters, removedContainers: ReadonlySet<string>): Promise<VolumeRemovalPlan>;
  /** Forgets that a container uses any volume. @returns their names */
  release(containerId: string): Promise<string[]>;
  usersOf(name: string): string[];
  /** Makes the volume's directory usable (mounts nfs, tmpfs, … volumes). @returns the directory */
  mount(name: string, containerId: string, place?: VolumePlace): Promise<string>;
  /** Not mounted for this container counts as done. */
  unmount(name: string, containerId: string): Promise<void>;
  sizeBytes(name: string): Promise<number>;
  /** @throws Conflict when it is in use, or the new name is */
  rename(name: string, to: string): Promise<VolumeRecord>;
  /** A new volume with the same files. Blocks are shared where the file system can. @throws Conflict when there is one */
  clone(name: string, to: string, options?: CopyOptions): Promise<VolumeRecord>;
  /** As `clone`, but what is made is never changed. @param to absent: the volume's name with the time */
  snapshot(name: string, to: string | undefined, options?: CopyOptions): Promise<VolumeRecord>;
  /** Its files as a tar archive. With `freeze` that of a copy, made while the containers that use it stand still. */
  export(name: string, options: CopyOptions): Promise<OpenArchive>;
  /** A new volume from a tar archive, plain or compressed. @throws Conflict when there is one of the name */
  import(name: string, archive: AsyncIterable<Uint8Array>, options?: CopyOptions): Promise<VolumeRecord>;
  /** "local" and the plugins used so far. */
  driverNames(): string[];
  /**
   * Mounts that no container uses any more are undone, what was left half done is finished or taken back. A directory
   * without a record becomes a volume again: losing the record must not lose the data.
   */
  recover(running: ReadonlySet<string>): Promise<void>;
}

/** An archive that is being made; dispose it whether it was read or not. */
export interface OpenArchive extends AsyncDisposable {
  readonly bytes: AsyncIterable<Uint8Array>;
}

/**
 * What keeps volumes' files. One driver serves many volumes; each of its calls is made under the volume's lock, and may
 * come again after a crash: what is done already counts as done.
 */
export interface VolumeDriver {
  /** @throws InvalidArgument naming the option that the driver does not know */
  create(volume: VolumeRecord): Promise<void>;
  remove(volume: VolumeRecord): Promise<void>;
  /** @returns where the files are now */
  mount(volume: VolumeRecord, containerId: string): Promise<string>;
  unmount(
    volume: VolumeRecord,
    use: { readonly containerId: string; readonly isLast: boolean },
  ): Promise<void>;
  /** Whether `mount` does anything for this volume that must be undone. */
  mounts(volume: VolumeRecord): boolean;
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
  /** Whose files look like the container user's: ids are exchanged on the way. */
  readonly idmap?: IdmapChoice | undefined;
  /** For "image", once it was found. */
  readonly image?: MountedImage | undefined;
  readonly spec: MountSpec | undefined;
}

/** The owner of the source, or given ids of the host. */
export type IdmapChoice = "owner" | { readonly uid: number; readonly gid: number };

export interface MountedImage {
  /** Config digest. */
  readonly id: string;
  /** Of the snapshot that shows the image's files: one for each mount. */
  readonly snapshot: string;
}

/** As inspect shows it. */
export type MountView = MountPoint;

import type { Digest } from "#base/digest.ts";
import type { PreparedLayer, RootMount, WhiteoutStyle } from "../types.ts";

/**
 * What differs between drivers: how directories are filled and what is mounted. Records, numbers and removal are common
 * (snapshotter.ts). Every method gets absolute directories; `lower` is nearest first.
 */
export interface SnapshotDriver {
  readonly name: string;
  readonly status: readonly (readonly [string, string])[];
  readonly whiteouts: WhiteoutStyle;
  /** Whether a layer can be prepared before its parent has been committed. */
  readonly independentLayers: boolean;
  /** Name of the image a layer is written to, in its numbered directory; absent when layers are directories of files. */
  readonly imageName?: string;
  /** Fills a new, empty layer directory before it is unpacked into. */
  prepare(home: string, lower: readonly string[]): Promise<void>;
  /** Completes an unpacked layer. */
  complete(prepared: PreparedLayer, lower: readonly string[]): Promise<CompletedLayer>;
  /** Bounds a container's directory; absent where nothing can. */
  readonly quota?: DirectoryQuota;
  /** Fills a container's new, empty directory. */
  createWritable(home: string, lower: readonly string[]): Promise<void>;
  rootMount(home: string, lower: readonly string[]): RootMount;
  data(home: string, lower: readonly string[]): Record<string, string>;
  /** Whether a layer is what was committed; absent where nothing can tell. */
  verify?(home: string, layer: { readonly diffId: Digest; readonly seal: Digest }): Promise<boolean>;
  /** Takes apart what deleting the files of a numbered directory would stumble over: mounts, subvolumes. */
  dismantle?(home: string): void;
  /** Undoes what was done to a layer to make it visible; containers that use it keep it. */
  hide?(home: string): void;
}

export interface DirectoryQuota {
  /** Why there can be no bound here; undefined where there can. */
  trouble(): string | undefined;
  /** Before `createWritable`, for a new, empty directory. */
  before?(home: string, sizeBytes: number): void;
  /** After it. */
  after?(home: string, sizeBytes: number): void;
}

export interface CompletedLayer {
  /** Whether it hides everything below it. */
  readonly opaque: boolean;
  /** Digest of what the driver added to the layer's archive, for `verify`. */
  readonly seal?: Digest;
}

/** Where the files of a layer or a writable are, within its numbered directory. */
export const FILES = "diff";

/** For a directory that is the whole root file system by itself. */
export function bindRoot(source: string): RootMount {
  return { kind: "bind", lower: [], upper: undefined, work: undefined, source };
}

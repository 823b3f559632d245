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
  /** Fills a new, empty layer directory before it is unpacked into. */
  prepare(home: string, lower: readonly string[]): Promise<void>;
  /** Completes an unpacked layer. @returns whether it hides everything below it */
  complete(prepared: PreparedLayer, lower: readonly string[]): Promise<{ readonly opaque: boolean }>;
  /** Fills a container's new, empty directory. */
  createWritable(home: string, lower: readonly string[]): Promise<void>;
  rootMount(home: string, lower: readonly string[]): RootMount;
  data(home: string, lower: readonly string[]): Record<string, string>;
}

/** Where the files of a layer or a writable are, within its numbered directory. */
export const FILES = "diff";

import type { Digest } from "#base/digest.ts";
import { NotFound } from "#base/errors.ts";
import type { Collection, StateStore } from "#state/types.ts";
import type { LayerInfo } from "../types.ts";

export interface LayerRecord extends LayerInfo {
  /**
   * Numbers of the directories to mount: its own first, then those of the layers below down to one that hides the rest.
   * Kept here so that starting a container reads one record and not a chain of them; a layer below cannot be removed
   * while this record is there.
   */
  readonly directories: readonly [own: number, ...below: number[]];
  /** Layers in the whole chain, itself included. */
  readonly depth: number;
  /** Of a layer kept as an image: digest of its metadata. The rest of it is the archive the diffID names. */
  readonly seal?: Digest;
  /** Until its files have reached the disk: the boot of the kernel that still holds them in memory. */
  readonly unsyncedBoot?: string;
}

export interface WritableRecord {
  readonly id: string;
  readonly parent: Digest | undefined;
  readonly directory: number;
  readonly createdAtMs: number;
}

/** What one snapshot driver has on disk; a directory without a record is a leftover. */
export interface SnapshotRecords {
  readonly layers: Collection<LayerRecord>;
  readonly writables: Collection<WritableRecord>;
  transaction<R>(work: () => R): R;
}

export function openSnapshotRecords(state: StateStore, driver: string): SnapshotRecords {
  const parent = (value: { readonly parent: Digest | undefined }) => (value.parent ? [value.parent] : []);
  return {
    layers: state.collection<LayerRecord>({
      name: `storage.${driver}.layers`,
      key: (layer) => layer.chainId,
      indexes: { parent },
    }),
    writables: state.collection<WritableRecord>({
      name: `storage.${driver}.writables`,
      key: (writable) => writable.id,
      indexes: { parent },
    }),
    transaction: (work) => state.transaction(work),
  };
}

/** @throws NotFound */
export function layerRecord(records: SnapshotRecords, chainId: Digest): LayerRecord {
  const layer = records.layers.get(chainId);
  if (!layer) throw new NotFound(`layer ${chainId} not found`);
  return layer;
}

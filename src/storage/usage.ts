import { lstatSync } from "node:fs";
import type { Digest } from "#base/digest.ts";
import { isErrno } from "#base/fs.ts";
import type { Collection, StateStore } from "#state/types.ts";
import type { ContentStore, Snapshotter } from "./types.ts";

/** Room on the disk, in bytes as `du` counts them. */
export interface StorageUsage {
  readonly layers: ReadonlyMap<Digest, number>;
  readonly blobs: ReadonlyMap<Digest, number>;
  /** What containers have written. */
  readonly writables: ReadonlyMap<string, number>;
  /** Downloads under way or interrupted. */
  readonly unfinishedBytes: number;
}

export interface UsageDeps {
  readonly content: Pick<ContentStore, "list" | "path" | "unfinishedBytes">;
  readonly snapshotter: Pick<Snapshotter, "layers" | "layerHome" | "writables" | "writableFiles">;
  readonly measured: LayerMeasurements;
  /** Walks directories away from the daemon's thread. @returns bytes of each */
  readonly measure: (directories: readonly string[]) => Promise<readonly number[]>;
}

/** What layers take, by the directory that holds them: it does not change after the layer was committed. */
export type LayerMeasurements = Collection<MeasuredLayer>;

export interface MeasuredLayer {
  readonly home: string;
  readonly bytes: number;
}

export function openLayerMeasurements(state: StateStore, driver: string): LayerMeasurements {
  return state.collection<MeasuredLayer>({ name: `storage.${driver}.usage`, key: ({ home }) => home });
}

/** Measures everything in the store; a layer only once in its life. */
export async function storageUsage(deps: UsageDeps): Promise<StorageUsage> {
  const { content, snapshotter, measured, measure } = deps;
  const homes = new Map(
    snapshotter.layers().map(({ chainId }) => [chainId, snapshotter.layerHome(chainId)] as const),
  );
  const writables = snapshotter.writables();
  const unknown = [...homes.values()].filter((home) => !measured.get(home));
  const bytes = await measure([...unknown, ...writables.map((id) => snapshotter.writableFiles(id))]);
  for (const [index, home] of unknown.entries()) measured.put({ home, bytes: bytes[index]! });
  forgetGone(measured, new Set(homes.values()));
  return {
    layers: new Map([...homes].map(([chainId, home]) => [chainId, measured.get(home)?.bytes ?? 0])),
    blobs: new Map(content.list().map(({ digest }) => [digest, allocated(content.path(digest))])),
    writables: new Map(writables.map((id, index) => [id, bytes[unknown.length + index]!])),
    unfinishedBytes: content.unfinishedBytes(),
  };
}

function forgetGone(measured: LayerMeasurements, homes: ReadonlySet<string>): void {
  for (const { home } of measured.list()) if (!homes.has(home)) measured.delete(home);
}

/** Bytes of a file's blocks; 0 when it has gone meanwhile. */
function allocated(path: string): number {
  try {
    return lstatSync(path).blocks * 512;
  } catch (error) {
    if (isErrno(error, "ENOENT")) return 0;
    throw error;
  }
}

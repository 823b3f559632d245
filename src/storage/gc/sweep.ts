import type { Digest } from "#base/digest.ts";
import { Conflict } from "#base/errors.ts";
import type { ContentStore, LayerInfo, Snapshotter } from "../types.ts";
import type { ProcessLeases } from "./leases.ts";
import { reachable } from "./mark.ts";

export interface GarbageRoots {
  /** Blobs and chainIDs in use: what images, and jobs that hold no lease, need. */
  readonly digests: Iterable<Digest>;
  /** What a blob refers to, for callers that name only manifests; layers lead to their parents by themselves. */
  readonly references?: (digest: Digest) => Iterable<Digest>;
}

export interface CollectedGarbage {
  readonly blobs: readonly Digest[];
  readonly layers: readonly Digest[];
  /** Of the blobs, and of the layers' own files. */
  readonly reclaimedBytes: number;
}

export interface SweepDeps {
  readonly content: Pick<ContentStore, "list" | "delete">;
  readonly snapshotter: Pick<Snapshotter, "layer" | "layers" | "removeLayer">;
  readonly leases: Pick<ProcessLeases, "held">;
}

/**
 * Deletes blobs and layers nothing leads to. Layers below a container's writable directory are in use anyway.
 * All is decided and removed before the first `await`: no job can find something here that goes a moment later.
 */
export async function collectGarbage(deps: SweepDeps, roots: GarbageRoots): Promise<CollectedGarbage> {
  const { content, snapshotter, leases } = deps;
  const kept = reachable([...roots.digests, ...leases.held()], (digest) => {
    const parent = snapshotter.layer(digest)?.parent;
    return [...(parent ? [parent] : []), ...(roots.references?.(digest) ?? [])];
  });
  const unneeded = uppermostFirst(snapshotter.layers()).filter(({ chainId }) => !kept.has(chainId));
  const removals = unneeded.map(({ chainId }) => removed(snapshotter, chainId));
  const blobs = content.list().filter(({ digest }) => !kept.has(digest) && content.delete(digest));
  const outcomes = await Promise.all(removals);
  const layers = unneeded.filter((_, index) => outcomes[index]);
  return {
    blobs: blobs.map(({ digest }) => digest),
    layers: layers.map(({ chainId }) => chainId),
    reclaimedBytes: [...blobs, ...layers].reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
}

/** A layer can only go when nothing stands on it. */
function uppermostFirst(layers: readonly LayerInfo[]): LayerInfo[] {
  const parents = new Map(layers.map(({ chainId, parent }) => [chainId, parent]));
  const depth = (chainId: Digest | undefined): number =>
    chainId === undefined ? 0 : 1 + depth(parents.get(chainId));
  return layers.toSorted((a, b) => depth(b.chainId) - depth(a.chainId));
}

async function removed(snapshotter: SweepDeps["snapshotter"], chainId: Digest): Promise<boolean> {
  try {
    await snapshotter.removeLayer(chainId);
    return true;
  } catch (error) {
    if (error instanceof Conflict) return false;
    throw error;
  }
}

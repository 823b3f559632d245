import type { Digest } from "#base/digest.ts";
import { Conflict } from "#base/errors.ts";
import type { BlobInfo, ContentStore, LayerInfo, Snapshotter } from "../types.ts";
import type { ProcessLeases } from "./leases.ts";
import { reachable } from "./mark.ts";

export interface GarbageRoots {
  /** Blobs and chainIDs in use: what images, and jobs that hold no lease, need. */
  readonly digests: Iterable<Digest>;
  /** What a blob refers to, for callers that name only manifests; layers lead to their parents by themselves. */
  readonly references?: (digest: Digest) => Iterable<Digest>;
  /** What interrupted jobs left for another try goes too. */
  readonly forgetsInterrupted?: boolean;
}

/** What nothing leads to. */
export interface GarbagePlan {
  readonly blobs: readonly BlobInfo[];
  /** Uppermost first: a layer can only go when nothing stands on it. */
  readonly layers: readonly LayerInfo[];
  /** Downloads that nobody goes on with. */
  readonly ingests: readonly { readonly key: string; readonly sizeBytes: number }[];
  /** Of the blobs, of the layers' own files and of the downloads. */
  readonly reclaimedBytes: number;
}

export interface CollectedGarbage {
  readonly blobs: readonly Digest[];
  readonly layers: readonly Digest[];
  readonly reclaimedBytes: number;
}

export interface SweepDeps {
  readonly content: Pick<ContentStore, "list" | "delete" | "abandonedIngests" | "discardIngest">;
  readonly snapshotter: Pick<Snapshotter, "layer" | "layers" | "removeLayer" | "writableParents">;
  readonly leases: Pick<ProcessLeases, "held">;
}

/** What a collection would delete now; layers below a container's writable directory are in use anyway. */
export function planGarbage(deps: SweepDeps, roots: GarbageRoots): GarbagePlan {
  const { content, snapshotter, leases } = deps;
  const used = [...roots.digests, ...leases.held(roots), ...snapshotter.writableParents()];
  const kept = reachable(used, (digest) => {
    const parent = snapshotter.layer(digest)?.parent;
    return [...(parent ? [parent] : []), ...(roots.references?.(digest) ?? [])];
  });
  const layers = uppermostFirst(snapshotter.layers()).filter(({ chainId }) => !kept.has(chainId));
  const blobs = content.list().filter(({ digest }) => !kept.has(digest));
  const ingests = content.abandonedIngests().filter(({ key }) => !kept.has(digestIn(key) ?? ""));
  const all = [...blobs, ...layers, ...ingests];
  return { blobs, layers, ingests, reclaimedBytes: sizeOf(all) };
}

/**
 * Deletes blobs, layers and downloads nothing leads to.
 * All is decided and removed before the first `await`: no job can find something here that goes a moment later.
 */
export async function collectGarbage(deps: SweepDeps, roots: GarbageRoots): Promise<CollectedGarbage> {
  const { content, snapshotter } = deps;
  const plan = planGarbage(deps, roots);
  const removals = plan.layers.map(({ chainId }) => removed(snapshotter, chainId));
  const blobs = plan.blobs.filter(({ digest }) => content.delete(digest));
  for (const { key } of plan.ingests) content.discardIngest(key);
  const outcomes = await Promise.all(removals);
  const layers = plan.layers.filter((_, index) => outcomes[index]);
  return {
    blobs: blobs.map(({ digest }) => digest),
    layers: layers.map(({ chainId }) => chainId),
    reclaimedBytes: sizeOf([...blobs, ...layers, ...plan.ingests]),
  };
}

/** Downloads are named by what they will be, parts of one with something more. */
function digestIn(key: string): Digest | undefined {
  return /sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128}/.exec(key)?.[0];
}

function sizeOf(things: readonly { readonly sizeBytes: number }[]): number {
  return things.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
}

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

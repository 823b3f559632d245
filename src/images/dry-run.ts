import type { Filters } from "#base/filters.ts";
import type { ImageDeleteItem, ImagePruneResponse } from "#spec/docker/images.ts";
import { parseReference } from "#spec/reference.ts";
import { openMemoryState } from "#state/memory.ts";
import type { GarbagePlan, GarbageRoots } from "#storage/gc/sweep.ts";
import { rootsOf } from "./garbage.ts";
import { pruneImages } from "./prune.ts";
import { ImageRecords } from "./records.ts";
import { type RemoveRequest, removeImage } from "./remove.ts";
import type { ImageRetention } from "./retention.ts";
import type { ImageUsers } from "./types.ts";

export interface DryRunDeps {
  readonly records: ImageRecords;
  readonly users: ImageUsers;
  readonly retention: Pick<ImageRetention, "isPinned">;
  readonly planGarbage: (roots: GarbageRoots) => GarbagePlan;
  readonly nowMs: number;
}

/** What a dry run takes for granted: that these have been removed before. */
export interface Removed {
  /** Ids. */
  readonly containers?: ReadonlySet<string>;
  /** Names or ids. */
  readonly images?: readonly string[];
}

/** What `prune` would do, found out by doing it to a copy of the records. */
export async function planPruneImages(
  filters: Filters,
  removed: Removed,
  deps: DryRunDeps,
): Promise<ImagePruneResponse> {
  const records = copyOf(deps.records);
  const { users, planGarbage, ...facts } = planned(deps, removed);
  const collect = async () => collected(planGarbage({ digests: rootsOf(records), forgetsInterrupted: true }));
  return await pruneImages(filters, { ...facts, users, records, events: SILENT, collect });
}

/** What `remove` would do. @throws as `remove` */
export async function planRemoveImage(
  request: RemoveRequest,
  removed: Removed,
  deps: DryRunDeps,
): Promise<ImagePruneResponse> {
  const records = copyOf(deps.records);
  const { users, planGarbage } = planned(deps, removed);
  const gone = new Set<string>(); // with the removals before
  let [before, total] = [0, 0];
  const collect = async () => {
    const { layers, reclaimedBytes } = collected(planGarbage({ digests: rootsOf(records) }));
    total = reclaimedBytes;
    return layers.filter((chainId) => gone.size === gone.add(chainId).size - 1);
  };
  const remove = (nameOrId: string): Promise<ImageDeleteItem[]> =>
    removeImage({ ...request, nameOrId }, { records, users, events: SILENT, collect });
  for (const earlier of removed.images ?? []) await remove(earlier);
  before = total;
  return { ImagesDeleted: await remove(request.nameOrId), SpaceReclaimed: total - before };
}

const SILENT = { emit: () => {} };

function copyOf(records: ImageRecords): ImageRecords {
  const copy = new ImageRecords(openMemoryState());
  for (const image of records.images()) copy.putImage(image);
  for (const { name, ...pointing } of records.references()) copy.putReference(parseReference(name), pointing);
  return copy;
}

function planned(deps: DryRunDeps, { containers = new Set() }: Removed) {
  const usersOf: ImageUsers["usersOf"] = (id) =>
    deps.users.usersOf(id).filter((user) => !containers.has(user.id));
  return { ...deps, users: { usersOf, countFor: (id: string) => usersOf(id).length } };
}

function collected({ blobs, layers, reclaimedBytes }: GarbagePlan) {
  return {
    blobs: blobs.map(({ digest }) => digest),
    layers: layers.map(({ chainId }) => chainId),
    reclaimedBytes,
  };
}

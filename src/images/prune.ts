import {
  booleanFilter,
  checkFilterKeys,
  type Filters,
  matchesLabelFilters,
  untilFilterMs,
} from "#base/filters.ts";
import type { Events } from "#events/types.ts";
import type { ImageDeleteItem, ImagePruneResponse } from "#spec/docker/images.ts";
import { familiarReference, parseReference } from "#spec/reference.ts";
import type { CollectedGarbage } from "#storage/gc/sweep.ts";
import { createdMs } from "./config.ts";
import { imageEvent, pruneEvent } from "./events.ts";
import type { ImageRecords } from "./records.ts";
import type { ImageRecord, ImageUsers } from "./types.ts";

export interface PruneDeps {
  readonly records: ImageRecords;
  readonly users: ImageUsers;
  readonly events: Pick<Events, "emit">;
  /** Frees what no image needs any more, what interrupted pulls left included. */
  readonly collect: () => Promise<CollectedGarbage>;
  readonly nowMs: number;
}

/**
 * Removes images that no container uses: those without a tag, or with "dangling=false" all.
 * @throws InvalidArgument for an unknown filter
 */
export async function pruneImages(filters: Filters, deps: PruneDeps): Promise<ImagePruneResponse> {
  checkFilterKeys(filters, ["dangling", "label", "label!", "until"]);
  const onlyDangling = booleanFilter(filters, "dangling", true);
  const untilMs = untilFilterMs(filters, deps.nowMs) ?? Number.POSITIVE_INFINITY;
  const isMeant = (image: ImageRecord) =>
    createdMs(image.config) < untilMs && matchesLabelFilters(filters, image.config.config?.Labels);
  const removed: ImageDeleteItem[] = [];
  for (let round = useless(onlyDangling, deps).filter(isMeant); round.length > 0; ) {
    for (const image of round) removed.push(...removeRecords(image, deps));
    round = useless(onlyDangling, deps).filter(isMeant); // their parents may have become useless
  }
  const collected = await deps.collect();
  removed.push(...collected.layers.map((chainId) => ({ Deleted: chainId })));
  deps.events.emit(pruneEvent(collected.reclaimedBytes));
  return { ImagesDeleted: removed.length > 0 ? removed : null, SpaceReclaimed: collected.reclaimedBytes };
}

function useless(onlyDangling: boolean, { records, users }: PruneDeps): ImageRecord[] {
  return records.images().filter((image) => {
    const isTagged = records.referencesOf(image.id).some(({ name }) => !parseReference(name).digest);
    if (onlyDangling && isTagged) return false;
    return records.childrenOf(image.id).length === 0 && users.usersOf(image.id).length === 0;
  });
}

function removeRecords(image: ImageRecord, { records, events }: PruneDeps): ImageDeleteItem[] {
  const names = records.referencesOf(image.id).map(({ name }) => name);
  records.transaction(() => {
    for (const name of names) records.deleteReference(name);
    records.deleteImage(image.id);
  });
  for (const _name of names) events.emit(imageEvent("untag", image, image.id));
  events.emit(imageEvent("delete", image, image.id));
  return [
    ...names.map((name) => ({ Untagged: familiarReference(parseReference(name)) })),
    { Deleted: image.id },
  ];
}

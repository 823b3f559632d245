import type { Digest } from "#base/digest.ts";
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
import type { ImageRetention } from "./retention.ts";
import type { ImageRecord, ImageUsers } from "./types.ts";

export interface PruneDeps {
  readonly records: ImageRecords;
  readonly users: ImageUsers;
  readonly retention: Pick<ImageRetention, "isPinned">;
  readonly events: Pick<Events, "emit">;
  /** Frees what no image needs any more, what interrupted pulls left included. */
  readonly collect: () => Promise<CollectedGarbage>;
  readonly nowMs: number;
}

/**
 * Removes images that no container uses and nobody pinned: those without a tag, or with "dangling=false" all.
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

/** Takes an image away with all its names, unless somebody needs it by now. Its files are garbage then. */
export function evictImage(
  id: Digest,
  deps: Pick<PruneDeps, "records" | "retention" | "users" | "events">,
): boolean {
  const image = deps.records.image(id);
  if (!image || !isUnused(image, deps)) return false;
  removeRecords(image, deps);
  return true;
}

function isUnused(
  { id }: ImageRecord,
  { records, users, retention }: Pick<PruneDeps, "records" | "users" | "retention">,
): boolean {
  const isUsed = records.childrenOf(id).length > 0 || users.usersOf(id).length > 0;
  return !isUsed && !retention.isPinned(id);
}

function useless(onlyDangling: boolean, deps: PruneDeps): ImageRecord[] {
  const { records } = deps;
  return records.images().filter((image) => {
    const isTagged = records.referencesWith(image.id).some(({ name }) => !parseReference(name).digest);
    if (onlyDangling && isTagged) return false;
    return isUnused(image, deps);
  });
}

function removeRecords(
  image: ImageRecord,
  { records, events }: Pick<PruneDeps, "records" | "events">,
): ImageDeleteItem[] {
  const references = records.referencesOf(image.id);
  const names = references.filter(({ others = [] }) => others.length === 0).map(({ name }) => name);
  records.transaction(() => {
    // A name for several platforms goes on standing for those that are left.
    for (const reference of references) records.replacePreferred(reference, image.id);
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

import {
  booleanFilter,
  checkFilterKeys,
  type Filters,
  hasFilter,
  matchesExactly,
  matchesLabelFilters,
  matchesPattern,
} from "#base/filters.ts";
import type { VolumeRecord } from "./types.ts";

const LIST_KEYS = ["dangling", "driver", "label", "name"];
const PRUNE_KEYS = ["all", "label", "label!"];

/** Which volumes `list` shows. @throws InvalidArgument for an unknown filter */
export function listFilter(
  filters: Filters,
  isUsed: (volume: VolumeRecord) => boolean,
): (volume: VolumeRecord) => boolean {
  checkFilterKeys(filters, LIST_KEYS);
  const isDangling = hasFilter(filters, "dangling") ? booleanFilter(filters, "dangling", true) : undefined;
  return (volume) =>
    matchesExactly(filters, "driver", volume.driver) &&
    matchesPattern(filters, "name", volume.name) &&
    matchesLabelFilters(filters, volume.labels) &&
    (isDangling === undefined || isDangling === !isUsed(volume));
}

/** Which unused volumes `prune` removes: those without a name of their own, unless all are asked for. */
export function pruneFilter(filters: Filters): (volume: VolumeRecord) => boolean {
  checkFilterKeys(filters, PRUNE_KEYS);
  const isAll = booleanFilter(filters, "all", false);
  return (volume) => (isAll || volume.anonymous) && matchesLabelFilters(filters, volume.labels);
}

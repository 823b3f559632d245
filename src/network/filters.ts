import { InvalidArgument } from "#base/errors.ts";
import {
  booleanFilter,
  checkFilterKeys,
  type Filters,
  hasFilter,
  matchesExactly,
  matchesLabelFilters,
  matchesPattern,
  untilFilterMs,
} from "#base/filters.ts";
import { isPredefined } from "./create-request.ts";
import type { NetworkRecord } from "./types.ts";

const LIST_KEYS = ["dangling", "driver", "id", "label", "name", "scope", "type"];
const PRUNE_KEYS = ["label", "label!", "until"];

/** Which networks `list` shows. @throws InvalidArgument for an unknown filter */
export function listFilter(
  filters: Filters,
  isUsed: (network: NetworkRecord) => boolean,
): (network: NetworkRecord) => boolean {
  checkFilterKeys(filters, LIST_KEYS);
  for (const type of filters.type ?? [])
    if (type !== "builtin" && type !== "custom")
      throw new InvalidArgument(`invalid filter: 'type'='${type}'`);
  const isDangling = hasFilter(filters, "dangling") ? booleanFilter(filters, "dangling", true) : undefined;
  return (network) =>
    matchesExactly(filters, "driver", network.driver) &&
    matchesPattern(filters, "id", network.id) &&
    matchesPattern(filters, "name", network.name) &&
    matchesExactly(filters, "scope", "local") &&
    matchesExactly(filters, "type", isPredefined(network.name) ? "builtin" : "custom") &&
    matchesLabelFilters(filters, network.labels) &&
    (isDangling === undefined || isDangling === (!isPredefined(network.name) && !isUsed(network)));
}

/** Which unused networks `prune` removes. @throws InvalidArgument for an unknown filter */
export function pruneFilter(filters: Filters, nowMs: number): (network: NetworkRecord) => boolean {
  checkFilterKeys(filters, PRUNE_KEYS);
  const untilMs = untilFilterMs(filters, nowMs);
  return (network) =>
    !isPredefined(network.name) &&
    matchesLabelFilters(filters, network.labels) &&
    (untilMs === undefined || Date.parse(network.created) < untilMs);
}

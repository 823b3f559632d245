import {
  booleanFilter,
  checkFilterKeys,
  type Filters,
  filterValues,
  hasFilter,
  matchesLabelFilters,
  untilFilterMs,
} from "#base/filters.ts";
import { matchesPath } from "#base/glob.ts";
import { familiarName, familiarReference, parseReference } from "#spec/reference.ts";
import { createdMs } from "./config.ts";
import type { ImageRecord, ImageView } from "./types.ts";

const ACCEPTED = ["before", "dangling", "label", "label!", "reference", "since", "until"];

export interface ListDeps {
  readonly views: readonly ImageView[];
  readonly hasChildren: (image: ImageRecord) => boolean;
  /** Whether its names stand for the image of another platform, with which it is shown. */
  readonly isBeside: (image: ImageRecord) => boolean;
  /** The image a "before" or "since" names. @throws NotFound */
  readonly get: (nameOrId: string) => ImageRecord;
  readonly nowMs: number;
}

/**
 * What `docker images` shows, newest first. Without `all`, nameless images on which others were built stay hidden.
 * @throws InvalidArgument for an unknown filter or a value that is none
 */
export function listImages(
  { all = false, filters = {} }: { readonly all?: boolean; readonly filters?: Filters },
  deps: ListDeps,
): ImageView[] {
  checkFilterKeys(filters, ACCEPTED);
  const isInTime = timeFilter(filters, deps);
  const dangling = hasFilter(filters, "dangling") ? booleanFilter(filters, "dangling", false) : undefined;
  const shown = deps.views
    .filter(
      (view) =>
        !deps.isBeside(view) && isInTime(view) && matchesLabelFilters(filters, view.config.config?.Labels),
    )
    .map((view) => onlyMatchingNames(view, filterValues(filters, "reference")))
    .filter((view) => {
      if (isNamed(view)) return dangling !== true || view.repoTags.length === 0;
      if (hasFilter(filters, "reference") || dangling === false) return false;
      return all || !deps.hasChildren(view);
    });
  return shown.sort((a, b) => createdMs(b.config) - createdMs(a.config));
}

function timeFilter(filters: Filters, { get, nowMs }: ListDeps): (view: ImageView) => boolean {
  const created = (name: string) => createdMs(get(name).config);
  const before = filterValues(filters, "before").map(created);
  const until = untilFilterMs(filters, nowMs);
  const latest = Math.min(...before, until ?? Number.POSITIVE_INFINITY);
  const earliest = Math.max(...filterValues(filters, "since").map(created));
  return ({ config }) => createdMs(config) < latest && createdMs(config) > earliest;
}

function isNamed(view: ImageView): boolean {
  return view.repoTags.length + view.repoDigests.length > 0;
}

function onlyMatchingNames(view: ImageView, patterns: readonly string[]): ImageView {
  if (patterns.length === 0) return view;
  const fits = (text: string) => {
    const reference = parseReference(text);
    const names = [familiarReference(reference), familiarName(reference)];
    return patterns.some((pattern) => names.some((name) => matchesPath(pattern, name)));
  };
  return { ...view, repoTags: view.repoTags.filter(fits), repoDigests: view.repoDigests.filter(fits) };
}

import { InvalidArgument } from "#base/errors.ts";
import { booleanFilter, checkFilterKeys, type Filters, filterValues, hasFilter } from "#base/filters.ts";
import { credentialsOf } from "#registry/credentials.ts";
import { searchIndex } from "#registry/search.ts";
import type { Transport } from "#registry/transport.ts";
import type { ImageSearchItem } from "#spec/docker/images.ts";
import type { SearchRequest } from "./types.ts";

const DEFAULT_LIMIT = 25;
const MAX_LIMIT = 100;

/** `docker search`. @throws InvalidArgument with dockerd's words for filters and limits it does not know */
export async function searchImages(
  { term, limit = 0, filters, auth, signal }: SearchRequest,
  transport: Pick<Transport, "send" | "policyOf">,
): Promise<ImageSearchItem[]> {
  checkFilterKeys(filters, ["is-automated", "is-official", "stars"]);
  const isWanted = searchFilter(filters);
  if (limit < 0 || limit > MAX_LIMIT)
    throw new InvalidArgument(`Limit ${limit} is outside the range of [1, ${MAX_LIMIT}]`);
  const credentials = credentialsOf(auth);
  const items = await searchIndex(transport, { term, limit: limit || DEFAULT_LIMIT, credentials, signal });
  return items.filter(isWanted);
}

function searchFilter(filters: Filters): (item: ImageSearchItem) => boolean {
  const wanted = (key: string) => (hasFilter(filters, key) ? booleanFilter(filters, key, true) : undefined);
  const isAutomated = wanted("is-automated");
  const isOfficial = wanted("is-official");
  const stars = Math.max(0, ...filterValues(filters, "stars").map(parseStars));
  return (item) =>
    (isAutomated === undefined || item.is_automated === isAutomated) &&
    (isOfficial === undefined || item.is_official === isOfficial) &&
    item.star_count >= stars;
}

function parseStars(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new InvalidArgument(`invalid filter 'stars=${text}'`);
  return Number(text);
}

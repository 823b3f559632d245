import { Limiter } from "#base/async.ts";
import { filterValues } from "#base/filters.ts";
import type { Context } from "./context.ts";
import { isUp } from "./lifecycle.ts";
import { linkNames } from "./links.ts";
import { compileListFilter, type FilterFacts } from "./list-filter.ts";
import type { ContainerRecord, ContainerView, ListRequest } from "./types.ts";
import { sizesOf, viewOf } from "./view.ts";

/** Sizes are found by walking directories: so many containers at a time. */
const SIZES_AT_ONCE = 4;

/** Newest first, as `docker ps` shows them. */
export async function listContainers(ctx: Context, request: ListRequest): Promise<ContainerView[]> {
  const records = selectRecords(ctx, request);
  const names = linkNames(ctx);
  if (!request.size) return records.map((record) => viewOf(ctx, record, undefined, names.get(record.id)));
  const limiter = new Limiter(SIZES_AT_ONCE);
  return await Promise.all(
    records.map(async (record) => {
      const sizes = await limiter.run(() => sizesOf(ctx, record));
      return viewOf(ctx, record, sizes, names.get(record.id));
    }),
  );
}

export function selectRecords(ctx: Context, request: ListRequest): ContainerRecord[] {
  const filters = request.filters ?? {};
  const matches = compileListFilter(filters, factsOf(ctx));
  const limit = request.limit && request.limit > 0 ? request.limit : undefined;
  const isAll = request.all || limit !== undefined || filterValues(filters, "status").length > 0;
  const selected = [...ctx.records.all()].filter(
    (record) => (isAll || isUp(record.state.status)) && matches(record),
  );
  selected.sort((a, b) => (a.created < b.created ? 1 : -1));
  return selected.slice(0, limit);
}

function factsOf(ctx: Context): FilterFacts {
  return {
    createdOf: (nameOrId) => ctx.records.resolve(nameOrId).created,
    sandboxOf: (id) => ctx.networks.sandbox(id),
    descendantsOf: (image) => descendantsOf(ctx, image),
  };
}

/** Among the images containers were made from: the named one, and those whose parents lead to it. */
function descendantsOf(ctx: Context, image: string): ReadonlySet<string> {
  const ancestor = ctx.images.find(image)?.id;
  if (ancestor === undefined) return new Set();
  const used = new Set(Array.from(ctx.records.all(), (record) => record.imageId));
  const descendants = [...used].filter((id) => {
    let at: string | undefined = id;
    while (at !== undefined && at !== ancestor) at = ctx.images.find(at)?.parent;
    return at === ancestor;
  });
  return new Set([ancestor, ...descendants]);
}

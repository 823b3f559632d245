import { Conflict } from "#base/errors.ts";
import { checkFilterKeys, type Filters, matchesLabelFilters, untilFilterMs } from "#base/filters.ts";
import type { Context } from "./context.ts";
import { isUp } from "./lifecycle.ts";
import { removeContainer } from "./remove.ts";
import { millisOf } from "./times.ts";
import type { ContainerRecord } from "./types.ts";

/** Removes every container that does not run, as far as the filters let it; those somebody starts meanwhile stay. */
export async function pruneContainers(
  ctx: Context,
  filters: Filters,
): Promise<{ readonly removed: string[]; readonly spaceReclaimed: number }> {
  const removed: string[] = [];
  let spaceReclaimed = 0;
  for (const record of prunableContainers(ctx, filters)) {
    if (!ctx.records.find(record.id)) continue; // somebody else was faster
    try {
      const size = await ctx.snapshots.writableSize(record.id);
      await removeContainer(ctx, record.id, { force: false, volumes: false, link: false });
      removed.push(record.id);
      spaceReclaimed += size;
    } catch (error) {
      if (!(error instanceof Conflict))
        ctx.log.warn("cannot prune a container", { container: record.id, error });
    }
  }
  ctx.events.emit({
    type: "container",
    action: "prune",
    id: "",
    attributes: { reclaimed: `${spaceReclaimed}` },
  });
  return { removed, spaceReclaimed };
}

/** Those that do not run, as far as the filters let them go. @throws InvalidArgument for an unknown filter */
export function prunableContainers(
  ctx: Pick<Context, "records" | "clock">,
  filters: Filters,
): ContainerRecord[] {
  checkFilterKeys(filters, ["label", "label!", "until"]);
  const untilMs = untilFilterMs(filters, ctx.clock.now());
  return [...ctx.records.all()].filter((record) => isPrunable(record, filters, untilMs));
}

function isPrunable(record: ContainerRecord, filters: Filters, untilMs: number | undefined): boolean {
  if (isUp(record.state.status) || record.state.isStarting) return false;
  if (untilMs !== undefined && millisOf(record.created) >= untilMs) return false;
  return matchesLabelFilters(filters, record.config.Labels);
}

import type { ImageDeleteItem } from "#spec/docker/images.ts";
import { defineCommand, NO_ARGUMENTS } from "../command.ts";
import { bool, filter } from "../flag-kinds.ts";
import { DRY_RUN, dryRuns, planText } from "./_dry-run.ts";
import { isConfirmed, pruneFilters, pruneReport } from "./_prune.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: {
    all: bool("Also remove images that have names when no container uses them", { short: "a" }),
    "dry-run": DRY_RUN,
    filter: filter('Remove only what meets these conditions (such as "until=24h")'),
    force: bool("Do not ask", { short: "f" }),
  },
  async run({ session, flags }) {
    const filters = { ...pruneFilters(session, flags.filter), dangling: [String(!flags.all)] };
    if (flags["dry-run"])
      return await session.print(planText([await (await dryRuns(session)).prune("images", filters)]));
    const warning = flags.all
      ? "This will remove all images without at least one container associated to them."
      : "This will remove all dangling images.";
    if (!(await isConfirmed(session, flags.force, warning))) return;
    const { images } = await session.client();
    const { ImagesDeleted, SpaceReclaimed } = await images.prune(filters);
    await session.print(pruneReport("Deleted Images", imageLines(ImagesDeleted), SpaceReclaimed));
  },
});

export function imageLines(items: readonly ImageDeleteItem[] | null): string[] {
  return (items ?? []).map(({ Untagged, Deleted }) =>
    Untagged ? `untagged: ${Untagged}` : `deleted: ${Deleted}`,
  );
}

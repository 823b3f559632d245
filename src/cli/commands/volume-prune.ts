import { defineCommand, NO_ARGUMENTS } from "../command.ts";
import { bool, filter } from "../flag-kinds.ts";
import { DRY_RUN, dryRuns, planText } from "./_dry-run.ts";
import { isConfirmed, pruneFilters, pruneReport } from "./_prune.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: {
    all: bool("Also remove volumes that were given a name", { short: "a" }),
    "dry-run": DRY_RUN,
    filter: filter('Remove only what meets these conditions (such as "label=x")'),
    force: bool("Do not ask", { short: "f" }),
  },
  async run({ session, flags }) {
    const filters = { ...pruneFilters(session, flags.filter), ...(flags.all ? { all: ["true"] } : {}) };
    if (flags["dry-run"])
      return await session.print(planText([await (await dryRuns(session)).prune("volumes", filters)]));
    const what = flags.all ? "all local volumes" : "anonymous local volumes";
    if (
      !(await isConfirmed(
        session,
        flags.force,
        `This will remove ${what} not used by at least one container.`,
      ))
    )
      return;
    const { volumes } = await session.client();
    const { VolumesDeleted, SpaceReclaimed } = await volumes.prune(filters);
    await session.print(pruneReport("Deleted Volumes", VolumesDeleted, SpaceReclaimed));
  },
});

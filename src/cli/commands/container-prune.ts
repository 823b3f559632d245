import { defineCommand, NO_ARGUMENTS } from "../command.ts";
import { bool, filter } from "../flag-kinds.ts";
import { DRY_RUN, dryRuns, planText } from "./_dry-run.ts";
import { isConfirmed, pruneFilters, pruneReport } from "./_prune.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: {
    "dry-run": DRY_RUN,
    filter: filter('Remove only what meets these conditions (such as "until=24h")'),
    force: bool("Do not ask", { short: "f" }),
  },
  async run({ session, flags }) {
    const filters = pruneFilters(session, flags.filter);
    if (flags["dry-run"])
      return await session.print(planText([await (await dryRuns(session)).prune("containers", filters)]));
    if (!(await isConfirmed(session, flags.force, "This will remove all stopped containers."))) return;
    const { containers } = await session.client();
    const { ContainersDeleted, SpaceReclaimed } = await containers.prune(filters);
    await session.print(pruneReport("Deleted Containers", ContainersDeleted, SpaceReclaimed));
  },
});

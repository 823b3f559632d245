import { defineCommand, NO_ARGUMENTS } from "../command.ts";
import { bool, filter } from "../flag-kinds.ts";
import { isConfirmed, pruneFilters, pruneReport } from "./_prune.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: {
    filter: filter('Remove only what meets these conditions (such as "until=24h")'),
    force: bool("Do not ask", { short: "f" }),
  },
  async run({ session, flags }) {
    if (!(await isConfirmed(session, flags.force, "This will remove all stopped containers."))) return;
    const { containers } = await session.client();
    const { ContainersDeleted, SpaceReclaimed } = await containers.prune(pruneFilters(session, flags.filter));
    await session.print(pruneReport("Deleted Containers", ContainersDeleted, SpaceReclaimed));
  },
});

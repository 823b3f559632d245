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
    const warning = "This will remove all custom networks not used by at least one container.";
    if (!(await isConfirmed(session, flags.force, warning))) return;
    const { networks } = await session.client();
    const { NetworksDeleted } = await networks.prune(pruneFilters(session, flags.filter));
    await session.print(pruneReport("Deleted Networks", NetworksDeleted));
  },
});

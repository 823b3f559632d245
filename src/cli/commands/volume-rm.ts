import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { bool } from "../flag-kinds.ts";
import { DRY_RUN, dryRuns, planInTurn } from "./_dry-run.ts";
import { removeInTurn } from "./_remove.ts";

export const command = defineCommand({
  usage: "[OPTIONS] VOLUME [VOLUME...]",
  arguments: SOME_ARGUMENTS,
  completes: "volumes",
  flags: { "dry-run": DRY_RUN, force: bool("Take no offence at what is not there", { short: "f" }) },
  async run({ session, args, flags: { force, "dry-run": isDryRun } }) {
    if (isDryRun) {
      const runs = await dryRuns(session);
      return await planInTurn(session, args, (name) => runs.remove("volumes", name, { force }));
    }
    const { volumes } = await session.client();
    return await removeInTurn(session, args, { force, remove: (name) => volumes.remove(name, { force }) });
  },
});

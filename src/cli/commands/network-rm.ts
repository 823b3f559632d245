import { NotFound } from "#base/errors.ts";
import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { bool } from "../flag-kinds.ts";
import { DRY_RUN, dryRuns, planInTurn } from "./_dry-run.ts";
import { removeInTurn } from "./_remove.ts";

export const command = defineCommand({
  usage: "NETWORK [NETWORK...]",
  arguments: SOME_ARGUMENTS,
  completes: "networks",
  flags: { "dry-run": DRY_RUN, force: bool("Take no offence at what is not there", { short: "f" }) },
  async run({ session, args, flags: { force, "dry-run": isDryRun } }) {
    if (isDryRun) {
      const runs = await dryRuns(session);
      const plan = (name: string) => runs.remove("networks", name);
      return await planInTurn(session, args, plan, (error) => force && error instanceof NotFound);
    }
    const { networks } = await session.client();
    return await removeInTurn(session, args, { force, remove: (name) => networks.remove(name) });
  },
});

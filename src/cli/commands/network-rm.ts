import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { bool } from "../flag-kinds.ts";
import { removeInTurn } from "./_remove.ts";

export const command = defineCommand({
  usage: "NETWORK [NETWORK...]",
  arguments: SOME_ARGUMENTS,
  completes: "networks",
  flags: { force: bool("Take no offence at what is not there", { short: "f" }) },
  async run({ session, args, flags: { force } }) {
    const { networks } = await session.client();
    return await removeInTurn(session, args, { force, remove: (name) => networks.remove(name) });
  },
});

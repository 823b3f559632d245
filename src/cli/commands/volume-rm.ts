import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { bool } from "../flag-kinds.ts";
import { removeInTurn } from "./_remove.ts";

export const command = defineCommand({
  usage: "[OPTIONS] VOLUME [VOLUME...]",
  arguments: SOME_ARGUMENTS,
  completes: "volumes",
  flags: { force: bool("Take no offence at what is not there", { short: "f" }) },
  async run({ session, args, flags: { force } }) {
    const { volumes } = await session.client();
    return await removeInTurn(session, args, { force, remove: (name) => volumes.remove(name, { force }) });
  },
});

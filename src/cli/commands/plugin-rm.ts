import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { bool } from "../flag-kinds.ts";
import { removeInTurn } from "./_remove.ts";

export const command = defineCommand({
  usage: "[OPTIONS] PLUGIN [PLUGIN...]",
  arguments: SOME_ARGUMENTS,
  completes: "plugins",
  flags: { force: bool("Also what is enabled or in use", { short: "f" }) },
  async run({ session, args, flags: { force } }) {
    const { plugins } = await session.client();
    return await removeInTurn(session, args, {
      force: false, // what is not there is an error, as with Docker
      remove: (name) => plugins.remove(name, { force }),
    });
  },
});

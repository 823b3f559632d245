import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { forEachName } from "./_each.ts";

export const command = defineCommand({
  usage: "CONTAINER [CONTAINER...]",
  arguments: SOME_ARGUMENTS,
  completes: "containers",
  flags: {},
  async run({ session, args }) {
    const { containers } = await session.client();
    return await forEachName(session, args, { work: (name) => containers.pause(name) });
  },
});

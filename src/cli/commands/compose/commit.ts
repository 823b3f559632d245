import { defineVerb } from "../../compose/verb.ts";
import { command as commitCommand } from "../commit.ts";
import { INDEX_FLAG, oneContainer } from "./_one.ts";

export const verb = defineVerb({
  usage: "[OPTIONS] SERVICE [REPOSITORY[:TAG]]",
  arguments: { min: 1, max: 2 },
  noDryRun: "an image is made or it is not",
  flags: { ...commitCommand.flags, index: INDEX_FLAG },
  async run({ compose, args: [service, ...name], flags: { index, ...flags }, given }) {
    const { id } = await oneContainer(compose, service!, { index, all: true });
    return await commitCommand.run({
      session: compose.session,
      args: [id, ...name],
      flags,
      given: given as ReadonlySet<never>,
    });
  },
});

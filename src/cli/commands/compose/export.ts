import { ONE_ARGUMENT } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { command as exportCommand } from "../export.ts";
import { INDEX_FLAG, oneContainer } from "./_one.ts";

export const verb = defineVerb({
  usage: "[OPTIONS] SERVICE",
  arguments: ONE_ARGUMENT,
  noDryRun: "an archive is written or it is not",
  flags: { ...exportCommand.flags, index: INDEX_FLAG },
  async run({ compose, args: [service], flags: { index, ...flags }, given }) {
    const { id } = await oneContainer(compose, service!, { index, all: true });
    return await exportCommand.run({
      session: compose.session,
      args: [id],
      flags,
      given: given as ReadonlySet<never>,
    });
  },
});

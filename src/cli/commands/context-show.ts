import { defineCommand, NO_ARGUMENTS } from "../command.ts";
import { contextName } from "../endpoint.ts";

export const command = defineCommand({
  usage: "",
  arguments: NO_ARGUMENTS,
  flags: {},
  async run({ session }) {
    await session.print(`${contextName(session.endpointSources)}\n`);
  },
});

import { ONE_ARGUMENT } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { bool, string } from "../../flag-kinds.ts";
import { command as attachCommand } from "../attach.ts";
import { INDEX_FLAG, oneContainer } from "./_one.ts";

export const verb = defineVerb({
  usage: "[OPTIONS] SERVICE",
  arguments: ONE_ARGUMENT,
  noDryRun: "there would be nothing to see",
  flags: {
    "detach-keys": string("Keys that leave the container running"),
    index: INDEX_FLAG,
    "no-stdin": bool("Do not send standard input"),
    "sig-proxy": bool("Send signals on to the process", { initial: true }),
  },
  async run({ compose, args: [service], flags: { index, ...flags } }) {
    const { id } = await oneContainer(compose, service!, { index });
    return await attachCommand.run({ session: compose.session, args: [id], flags, given: new Set() });
  },
});

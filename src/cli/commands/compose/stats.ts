import { isReplica } from "#compose/engine/lifecycle.ts";
import { AT_MOST_ONE_ARGUMENT } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { command as statsCommand } from "../stats.ts";

export const verb = defineVerb({
  usage: "[OPTIONS] [SERVICE]",
  arguments: AT_MOST_ONE_ARGUMENT,
  flags: statsCommand.flags,
  async run({ compose, args, flags }) {
    const containers = (await compose.containers()).filter(
      (one) =>
        isReplica(one) &&
        (args.length === 0 || args.includes(one.service)) &&
        (flags.all || one.state === "running"),
    );
    if (containers.length === 0) return;
    const names = containers.map(({ id }) => id.slice(0, 12));
    return await statsCommand.run({ session: compose.session, args: names, flags, given: new Set() });
  },
});

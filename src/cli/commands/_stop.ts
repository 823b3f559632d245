/** What stop and restart have in common: how, and how long, a container is asked to end. */
import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { int, string } from "../flag-kinds.ts";
import { forEachName } from "./_each.ts";

export function stopCommand(verb: "stop" | "restart") {
  return defineCommand({
    usage: "[OPTIONS] CONTAINER [CONTAINER...]",
    arguments: SOME_ARGUMENTS,
    completes: "containers",
    flags: {
      signal: string("Signal to ask with", { short: "s" }),
      timeout: int("Seconds to wait before the container is killed", { short: "t" }),
      time: int("Seconds to wait before the container is killed", {
        aliasOf: "timeout",
        deprecated: "use --timeout instead",
      }),
    },
    async run({ session, args, flags, given }) {
      const { containers } = await session.client();
      const options = {
        signal: flags.signal,
        timeoutSeconds: given.has("timeout") ? flags.timeout : undefined,
      };
      return await forEachName(session, args, { work: (name) => containers[verb](name, options) });
    },
  });
}

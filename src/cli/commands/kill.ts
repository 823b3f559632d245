import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { string } from "../flag-kinds.ts";
import { forEachName } from "./_each.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  arguments: SOME_ARGUMENTS,
  completes: "containers",
  flags: { signal: string("Signal to send, SIGKILL by default", { short: "s" }) },
  async run({ session, args, flags }) {
    const { containers } = await session.client();
    return await forEachName(session, args, { work: (name) => containers.kill(name, flags.signal) });
  },
});

import { defineCommand, TWO_ARGUMENTS } from "../command.ts";
import { string } from "../flag-kinds.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER CHECKPOINT",
  arguments: TWO_ARGUMENTS,
  completes: "containers",
  flags: { "checkpoint-dir": string("Look in this directory of the host") },
  async run({ session, args, flags }) {
    const { containers } = await session.client();
    await containers.removeCheckpoint(args[0]!, args[1]!, flags["checkpoint-dir"]);
  },
});

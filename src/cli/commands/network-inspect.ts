import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { bool, string } from "../flag-kinds.ts";
import { OBJECT_FORMAT_TEXT } from "./_format-text.ts";
import { inspectObjects } from "./_inspect.ts";

export const command = defineCommand({
  usage: "[OPTIONS] NETWORK [NETWORK...]",
  arguments: SOME_ARGUMENTS,
  completes: "networks",
  flags: {
    format: string(OBJECT_FORMAT_TEXT, { short: "f" }),
    verbose: bool("Show more facts", { short: "v" }),
  },
  async run({ session, args, flags }) {
    const client = await session.client();
    await inspectObjects(session, args, {
      format: flags.format,
      find: async (name) => ({
        kind: "network",
        json: await client.networks.inspectText(name, { verbose: flags.verbose }),
      }),
    });
  },
});

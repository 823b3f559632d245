import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { bool, string } from "../flag-kinds.ts";
import { OBJECT_FORMAT_TEXT } from "./_format-text.ts";
import { inspectObjects } from "./_inspect.ts";

export const command = defineCommand({
  usage: "[OPTIONS] VOLUME [VOLUME...]",
  arguments: SOME_ARGUMENTS,
  completes: "volumes",
  flags: {
    format: string(OBJECT_FORMAT_TEXT, { short: "f" }),
    size: bool("Measure the volume", { short: "s" }),
  },
  async run({ session, args, flags }) {
    const client = await session.client();
    await inspectObjects(session, args, {
      format: flags.format,
      find: async (name) => ({
        kind: "volume",
        json: await client.volumes.inspectText(name, { size: flags.size }),
      }),
    });
  },
});

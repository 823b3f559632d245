import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { bool, string } from "../flag-kinds.ts";
import { OBJECT_FORMAT_TEXT } from "./_format-text.ts";
import { inspectObjects } from "./_inspect.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  arguments: SOME_ARGUMENTS,
  completes: "containers",
  flags: {
    format: string(OBJECT_FORMAT_TEXT, { short: "f" }),
    size: bool("Also show how much the container has written", { short: "s" }),
  },
  async run({ session, args, flags }) {
    const client = await session.client();
    await inspectObjects(session, args, {
      format: flags.format,
      find: async (name) => ({
        kind: "container",
        json: await client.containers.inspectText(name, { size: flags.size }),
      }),
    });
  },
});

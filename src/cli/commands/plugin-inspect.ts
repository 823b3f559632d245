import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { string } from "../flag-kinds.ts";
import { OBJECT_FORMAT_TEXT } from "./_format-text.ts";
import { inspectObjects } from "./_inspect.ts";

export const command = defineCommand({
  usage: "[OPTIONS] PLUGIN [PLUGIN...]",
  arguments: SOME_ARGUMENTS,
  completes: "plugins",
  flags: { format: string(OBJECT_FORMAT_TEXT, { short: "f" }) },
  async run({ session, args, flags }) {
    const { plugins } = await session.client();
    await inspectObjects(session, args, {
      format: flags.format,
      find: async (name) => ({ json: await plugins.inspectText(name) }),
    });
  },
});

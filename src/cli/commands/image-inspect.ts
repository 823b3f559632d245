import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { string } from "../flag-kinds.ts";
import { OBJECT_FORMAT_TEXT } from "./_format-text.ts";
import { inspectObjects } from "./_inspect.ts";
import { platformQuery } from "./_platform.ts";

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE [IMAGE...]",
  arguments: SOME_ARGUMENTS,
  completes: "images",
  flags: {
    format: string(OBJECT_FORMAT_TEXT, { short: "f" }),
    platform: string("Show this platform of an image for several (os[/arch[/variant]])"),
  },
  async run({ session, args, flags }) {
    const client = await session.client();
    await inspectObjects(session, args, {
      format: flags.format,
      find: async (name) => ({
        kind: "image",
        json: await client.images.inspectText(name, { platform: platformQuery(flags.platform) }),
      }),
    });
  },
});

import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { forEachName } from "./_each.ts";

export const command = defineCommand({
  usage: "IMAGE [IMAGE...]",
  arguments: SOME_ARGUMENTS,
  completes: "images",
  flags: {},
  async run({ session, args }) {
    const { images } = await session.client();
    return await forEachName(session, args, { work: (name) => images.unpin(name) });
  },
});

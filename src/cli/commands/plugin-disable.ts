import { defineCommand, ONE_ARGUMENT } from "../command.ts";
import { bool } from "../flag-kinds.ts";

export const command = defineCommand({
  usage: "[OPTIONS] PLUGIN",
  arguments: ONE_ARGUMENT,
  completes: "plugins",
  flags: { force: bool("Even while it is in use", { short: "f" }) },
  async run({ session, args: [name], flags: { force } }) {
    const { plugins } = await session.client();
    await plugins.disable(name!, { force });
    await session.print(`${name}\n`);
  },
});

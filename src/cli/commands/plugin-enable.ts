import { defineCommand, ONE_ARGUMENT } from "../command.ts";
import { CliError } from "../errors.ts";
import { int } from "../flag-kinds.ts";

export const command = defineCommand({
  usage: "[OPTIONS] PLUGIN",
  arguments: ONE_ARGUMENT,
  completes: "plugins",
  flags: { timeout: int("Seconds the plugin may take to answer; 0 for the engine's own", { initial: 30 }) },
  async run({ session, args: [name], flags: { timeout } }) {
    if (timeout < 0) throw new CliError(`negative timeout ${timeout} is invalid`);
    const { plugins } = await session.client();
    await plugins.enable(name!, timeout);
    await session.print(`${name}\n`);
  },
});

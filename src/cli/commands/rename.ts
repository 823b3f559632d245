import { defineCommand, TWO_ARGUMENTS } from "../command.ts";
import { CliError, shownMessage } from "../errors.ts";

export const command = defineCommand({
  usage: "CONTAINER NEW_NAME",
  arguments: TWO_ARGUMENTS,
  completes: "containers",
  flags: {},
  async run({ session, args: [container, name] }) {
    if (!container!.trim() || !name!.trim())
      throw new CliError("Error: Neither old nor new names may be empty");
    const { containers } = await session.client();
    try {
      await containers.rename(container!.trim(), name!.trim());
    } catch (error) {
      throw new CliError(
        `${shownMessage(error)}\nError: failed to rename container named ${container!.trim()}`,
      );
    }
  },
});

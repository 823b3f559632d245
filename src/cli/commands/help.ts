import { ANY_ARGUMENTS, defineCommand } from "../command.ts";
import { CliError } from "../errors.ts";
import { showCommandHelp, showGroupHelp, showProgramHelp } from "../program-help.ts";
import { findCommand, GROUPS } from "./all.ts";

export const command = defineCommand({
  usage: "[COMMAND]",
  arguments: ANY_ARGUMENTS,
  flags: {},
  async run({ session: { host }, args: [first, second] }) {
    if (first === undefined) return await showProgramHelp(host);
    const found = findCommand(first, second);
    if (found) {
      const path = ["wharf", first, ...(found.words === 2 ? [second] : [])].join(" ");
      return await showCommandHelp(host, path, found.entry, (await found.entry.load()).command);
    }
    if (Object.hasOwn(GROUPS, first) && second === undefined) return await showGroupHelp(host, first);
    throw new CliError(`unknown help topic: ${[first, second].filter(Boolean).join(" ")}`);
  },
});

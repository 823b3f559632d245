import { defineCommand, ONE_ARGUMENT } from "../command.ts";
import { changeConfig } from "../config-write.ts";
import { readContext } from "../contexts.ts";
import { DEFAULT_CONTEXT } from "../endpoint.ts";
import { hidingVariable } from "./_contexts.ts";

export const command = defineCommand({
  usage: "CONTEXT",
  arguments: ONE_ARGUMENT,
  completes: "contexts",
  flags: {},
  async run({ session, args: [name] }) {
    const isDefault = name === DEFAULT_CONTEXT;
    if (!isDefault) readContext(session.configDirectory, name!);
    changeConfig(session.configDirectory, () => ({ currentContext: isDefault ? undefined : name }));
    await session.print(`${name}\n`);
    await session.warn(`Current context is now ${JSON.stringify(name)}\n`);
    const variable = hidingVariable(session);
    if (!variable || isDefault) return;
    await session.warn(
      `Warning: ${variable} environment variable overrides the active context. ` +
        `To use ${JSON.stringify(name)}, either set the global --context flag, or unset ${variable} environment variable.\n`,
    );
  },
});

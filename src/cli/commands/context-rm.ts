import { readIfExists } from "#base/fs.ts";
import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { changeConfig } from "../config-write.ts";
import { metaDirectory, removeContext } from "../contexts.ts";
import { DEFAULT_CONTEXT } from "../endpoint.ts";
import { CliError } from "../errors.ts";
import { bool } from "../flag-kinds.ts";
import type { Session } from "../session.ts";

export const command = defineCommand({
  usage: "CONTEXT [CONTEXT...]",
  arguments: SOME_ARGUMENTS,
  completes: "contexts",
  flags: { force: bool("Also remove the context in use", { short: "f" }) },
  async run({ session, args, flags: { force } }) {
    const failures: string[] = [];
    for (const name of args) {
      const complaint = removalComplaint(session, name, force);
      if (complaint !== undefined) {
        if (complaint !== "") failures.push(complaint);
        continue;
      }
      if (session.config.currentContext === name)
        changeConfig(session.configDirectory, () => ({ currentContext: undefined }));
      removeContext(session.configDirectory, name);
      await session.print(`${name}\n`);
    }
    if (failures.length > 0) throw new CliError(failures.join("\n"));
  },
});

/** Why it is not removed; "" when that is no fault, undefined when it can be removed. */
function removalComplaint(
  { configDirectory, config }: Session,
  name: string,
  force: boolean,
): string | undefined {
  if (name === DEFAULT_CONTEXT) return `context ${JSON.stringify(name)} cannot be removed`;
  const isThere = readIfExists(`${metaDirectory(configDirectory, name)}/meta.json`) !== undefined;
  if (!isThere) return force ? "" : `context ${JSON.stringify(name)} does not exist`;
  if (config.currentContext === name && !force)
    return `context ${JSON.stringify(name)} is in use, set -f flag to force remove`;
  return undefined;
}

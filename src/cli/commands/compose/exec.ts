import { defineVerb } from "../../compose/verb.ts";
import { bool, list, string } from "../../flag-kinds.ts";
import { checkEnv } from "../../parse/env.ts";
import { command as execCommand } from "../exec.ts";
import { INDEX_FLAG, oneContainer } from "./_one.ts";
import { terminalChoice } from "./_terminal.ts";

export const verb = defineVerb({
  usage: "[OPTIONS] SERVICE COMMAND [ARGS...]",
  arguments: { min: 2 },
  interspersed: false,
  noDryRun: "a command in a container cannot be tried out",
  flags: {
    detach: bool("Run the command in the background", { short: "d" }),
    env: list("Set an environment variable", { short: "e", each: checkEnv, type: "stringArray" }),
    index: INDEX_FLAG,
    interactive: bool("Send standard input", { short: "i", initial: true, hidden: true }),
    "no-tty": bool("Give it no terminal; default: one when this is one", { short: "T" }),
    "no-TTY": bool("An old name", { aliasOf: "no-tty", hidden: true }),
    privileged: bool("Give the command almost everything root on the host can do"),
    tty: bool("Give it a terminal", { short: "t", initial: true, hidden: true }),
    user: string("User to run as", { short: "u" }),
    workdir: string("Directory to start in", { short: "w" }),
  },
  async run({ compose, args: [service, ...words], flags, given }) {
    const container = await oneContainer(compose, service!, { index: flags.index, withOneOff: true });
    const { tty, interactive } = terminalChoice(compose, flags, given);
    return await execCommand.run({
      session: compose.session,
      args: [container.id, ...words],
      given: new Set(),
      flags: {
        detach: flags.detach,
        "detach-keys": "",
        env: flags.env,
        "env-file": [],
        interactive: interactive && !flags.detach,
        privileged: flags.privileged,
        tty,
        user: flags.user,
        workdir: flags.workdir,
      },
    });
  },
});

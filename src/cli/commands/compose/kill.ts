import { forEachContainer } from "#compose/engine/lifecycle.ts";
import { ANY_ARGUMENTS } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { CliError } from "../../errors.ts";
import { string } from "../../flag-kinds.ts";
import { REMOVE_ORPHANS_FLAG } from "./_create.ts";
import { checkNames } from "./_each.ts";

export const verb = defineVerb({
  usage: "[OPTIONS] [SERVICE...]",
  arguments: ANY_ARGUMENTS,
  flags: {
    "remove-orphans": REMOVE_ORPHANS_FLAG,
    signal: string("Signal to send", { short: "s", initial: "SIGKILL" }),
  },
  async run({ compose, args, flags }) {
    const { project, hasFiles } = await compose.projectOrEngine();
    checkNames(project, args, hasFiles);
    const wanted = (await compose.containers()).filter(
      ({ service, state }) =>
        state === "running" &&
        (args.length > 0 ? args.includes(service) : flags["remove-orphans"] || service in project.services),
    );
    if (wanted.length === 0) throw new CliError("no container to kill");
    await compose.operation("kill", (context) =>
      forEachContainer(context, wanted, {
        working: "Killing",
        done: "Killed",
        call: ({ id }) => context.client.containers.kill(id, flags.signal),
      }),
    );
  },
});

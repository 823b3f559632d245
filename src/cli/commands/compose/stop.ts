import { stopServices } from "#compose/engine/lifecycle.ts";
import { ANY_ARGUMENTS } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { int } from "../../flag-kinds.ts";
import { stopTimeout } from "./_create.ts";
import { checkNames } from "./_each.ts";

export const verb = defineVerb({
  usage: "[OPTIONS] [SERVICE...]",
  arguments: ANY_ARGUMENTS,
  flags: { timeout: int("Seconds containers get to end by themselves", { short: "t" }) },
  async run({ compose, args, flags, given }) {
    const { project, hasFiles } = await compose.projectOrEngine();
    checkNames(project, args, hasFiles);
    const all = { ...project, services: { ...project.disabledServices, ...project.services } };
    await compose.operation("stop", (context) =>
      stopServices(context, all, { services: args, ...stopTimeout(flags.timeout, given.has("timeout")) }),
    );
  },
});

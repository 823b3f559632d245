import { startServices } from "#compose/engine/lifecycle.ts";
import { waitUntilUp } from "#compose/engine/up.ts";
import { ANY_ARGUMENTS } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { CliError } from "../../errors.ts";
import { bool, int } from "../../flag-kinds.ts";

export const verb = defineVerb({
  usage: "[SERVICE...]",
  arguments: ANY_ARGUMENTS,
  flags: {
    wait: bool("Wait until services are running or healthy"),
    "wait-timeout": int("Longest time to wait, in seconds"),
  },
  async run({ compose, args, flags }) {
    if (flags["wait-timeout"] < 0) throw new CliError("--wait-timeout must be a non-negative integer");
    const { project, hasFiles } = await compose.projectOrEngine();
    const { selectServices } = await import("#compose/model/select.ts");
    const selected = hasFiles ? await compose.select(args) : selectServices(project, args, "include");
    const waitTimeoutMs = flags["wait-timeout"] * 1000;
    await compose.operation("start", async (context) => {
      await startServices(context, selected, { waitTimeoutMs });
      if (flags.wait) await waitUntilUp(context, selected, waitTimeoutMs);
    });
  },
});

import { prepareUp } from "#compose/engine/up.ts";
import { SOME_ARGUMENTS } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { bool } from "../../flag-kinds.ts";
import { ignoresOrphans, parseScales, scaled } from "./_create.ts";

export const verb = defineVerb({
  usage: "[OPTIONS] SERVICE=REPLICAS...",
  arguments: SOME_ARGUMENTS,
  flags: { "no-deps": bool("Leave services alone that these depend on") },
  async run({ compose, args, flags }) {
    const scales = parseScales(args);
    const names = Object.keys(scales);
    const selected = await compose.select(names, flags["no-deps"] ? "ignore" : "include");
    const project = scaled(selected, scales);
    await compose.operation("scale", async (context) => {
      using run = await prepareUp(context, project, {
        targets: names,
        recreate: "diverged",
        recreateDependencies: "diverged",
        inheritsVolumes: true,
        removeOrphans: false,
        ignoresOrphans: ignoresOrphans(project, false),
        quietPull: false,
        starts: true,
      });
      await run.create();
      await run.start();
    });
  },
});

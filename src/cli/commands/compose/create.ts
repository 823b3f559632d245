import { prepareUp } from "#compose/engine/up.ts";
import { ANY_ARGUMENTS } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { bool } from "../../flag-kinds.ts";
import {
  BUILD_FLAG,
  ignoresOrphans,
  NO_BUILD_FLAG,
  PULL_FLAG,
  parseScales,
  pullPolicyOf,
  QUIET_PULL_FLAG,
  REMOVE_ORPHANS_FLAG,
  recreateChoice,
  refuseBuild,
  SCALE_FLAG,
  scaled,
  YES_FLAG,
} from "./_create.ts";
import { confirmRemote } from "./_remote.ts";

export const verb = defineVerb({
  usage: "[OPTIONS] [SERVICE...]",
  arguments: ANY_ARGUMENTS,
  flags: {
    build: BUILD_FLAG,
    "force-recreate": bool("Make containers anew though nothing has changed"),
    "no-build": NO_BUILD_FLAG,
    "no-recreate": bool("Leave containers that exist as they are"),
    pull: PULL_FLAG,
    "quiet-pull": QUIET_PULL_FLAG,
    "remove-orphans": REMOVE_ORPHANS_FLAG,
    scale: SCALE_FLAG,
    yes: YES_FLAG,
  },
  async run({ compose, args, flags }) {
    refuseBuild(flags);
    compose.assumesYes = flags.yes;
    const project = scaled(await compose.select(args), parseScales(flags.scale));
    await confirmRemote(compose, project);
    const pullPolicy = pullPolicyOf(flags.pull);
    await compose.operation("create", async (context) => {
      using run = await prepareUp(context, project, {
        ...recreateChoice(flags),
        targets: args,
        inheritsVolumes: true,
        removeOrphans: flags["remove-orphans"],
        ignoresOrphans: ignoresOrphans(project, flags["remove-orphans"]),
        quietPull: flags["quiet-pull"],
        ...(pullPolicy ? { pullPolicy } : {}),
        starts: false,
      });
      await run.create();
    });
  },
});

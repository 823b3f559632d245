import { down } from "#compose/engine/down.ts";
import { ANY_ARGUMENTS } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { CliError } from "../../errors.ts";
import { bool, int, string } from "../../flag-kinds.ts";
import { REMOVE_ORPHANS_FLAG, removesOrphans, stopTimeout } from "./_create.ts";

export const verb = defineVerb({
  usage: "[OPTIONS] [SERVICES]",
  arguments: ANY_ARGUMENTS,
  flags: {
    "remove-orphans": REMOVE_ORPHANS_FLAG,
    rmi: string('Remove images too: "local" those that the file gives no name, "all" all that services use'),
    timeout: int("Seconds containers get to end by themselves", { short: "t" }),
    volumes: bool("Remove the project's named volumes and the containers' anonymous ones", { short: "v" }),
  },
  async run({ compose, args, flags, given }) {
    const images = imagesOf(flags.rmi);
    const { project, hasFiles } = await compose.projectOrEngine();
    const isKnown = (name: string) => name in project.services || name in project.disabledServices;
    const unknown = args.filter((name) => !isKnown(name));
    if (hasFiles && unknown.length > 0) throw new CliError(`no such service: ${unknown[0]}`);
    const services = args.filter(isKnown);
    if (args.length > 0 && services.length === 0) return;
    // Services of profiles that are off now may have been started when they were on.
    const all = {
      ...project,
      services: { ...project.disabledServices, ...project.services },
      disabledServices: {},
    };
    await compose.operation("down", (context) =>
      down(context, all, {
        services,
        images,
        volumes: flags.volumes,
        removeOrphans: removesOrphans(compose, flags["remove-orphans"], given.has("remove-orphans")),
        ...stopTimeout(flags.timeout, given.has("timeout")),
      }),
    );
  },
});

function imagesOf(text: string): "" | "local" | "all" {
  if (text === "" || text === "local" || text === "all") return text;
  throw new CliError(`invalid value for --rmi: ${JSON.stringify(text)}: use "local" or "all"`);
}

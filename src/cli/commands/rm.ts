import { NotFound } from "#base/errors.ts";
import { defineCommand, SOME_ARGUMENTS } from "../command.ts";
import { CliError } from "../errors.ts";
import { bool } from "../flag-kinds.ts";
import { forEachName } from "./_each.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [CONTAINER...]",
  arguments: SOME_ARGUMENTS,
  completes: "containers",
  flags: {
    force: bool("Also remove a running container, by killing it", { short: "f" }),
    link: bool("Remove the link, not the container", { short: "l" }),
    volumes: bool("Also remove the container's unnamed volumes", { short: "v" }),
  },
  async run({ session, args, flags }) {
    const { containers } = await session.client();
    const options = { force: flags.force, volumes: flags.volumes, link: flags.link };
    return await forEachName(session, args, {
      work: async (name) => await containers.remove(bareName(name), options),
      mayFail: (error) => flags.force && error instanceof NotFound, // what is already gone is as wanted
    });
  },
});

function bareName(given: string): string {
  const name = given.replace(/^\/+|\/+$/g, "");
  if (name === "") throw new CliError("container name cannot be empty");
  return name;
}

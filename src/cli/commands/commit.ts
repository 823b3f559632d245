import { familiarName, parseReference, withDefaultTag } from "#spec/reference.ts";
import { defineCommand } from "../command.ts";
import { CliError } from "../errors.ts";
import { bool, list, string } from "../flag-kinds.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER [REPOSITORY[:TAG]]",
  arguments: { min: 1, max: 2 },
  completes: "containers",
  flags: {
    author: string('Author, such as "Ada Lovelace <ada@example.org>"', { short: "a" }),
    change: list("Dockerfile instruction that sets something of the image", { short: "c" }),
    message: string("Comment on the image", { short: "m" }),
    "no-pause": bool("Let the container go on meanwhile"),
    pause: bool("Freeze the container meanwhile", { short: "p", initial: true }),
  },
  async run({ session, args: [container, name], flags, given }) {
    if (given.has("pause") && given.has("no-pause"))
      throw new CliError("conflicting options: --no-pause and --pause cannot be used together");
    const reference = name ? withDefaultTag(parseReference(name)) : undefined;
    const { containers } = await session.client();
    const id = await containers.commit(container!, {
      ...(reference ? { repository: familiarName(reference), tag: reference.tag } : {}),
      author: flags.author,
      comment: flags.message,
      changes: flags.change,
      pause: given.has("pause") ? flags.pause : !flags["no-pause"],
    });
    await session.print(`${id}\n`);
  },
});

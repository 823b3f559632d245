import { canonicalReference, parseReference, withDefaultTag } from "#spec/reference.ts";
import { defineCommand, ONE_ARGUMENT } from "../command.ts";
import { CliError } from "../errors.ts";
import { bool, string } from "../flag-kinds.ts";
import { showProgress } from "../progress.ts";
import { pullImage } from "../pull-image.ts";

export const command = defineCommand({
  usage: "[OPTIONS] NAME[:TAG|@DIGEST]",
  arguments: ONE_ARGUMENT,
  completes: "images",
  flags: {
    "all-tags": bool("Fetch all tags of the repository", { short: "a" }),
    "disable-content-trust": bool("Accepted for old scripts; nothing is verified by signature", {
      initial: true,
      hidden: true,
    }),
    platform: string("Fetch this platform of an image for several (os[/arch[/variant]])"),
    quiet: bool("Say only the name of the image", { short: "q" }),
  },
  async run({ session, args: [name], flags }) {
    const given = parseReference(name!);
    if (flags["all-tags"] && (given.tag || given.digest))
      throw new CliError("tag can't be used with --all-tags/-a");
    const reference = flags["all-tags"] ? given : withDefaultTag(given);
    if (reference !== given && !flags.quiet) await session.print(`Using default tag: ${reference.tag}\n`);
    const lines = pullImage(session, { reference, platform: flags.platform });
    if (flags.quiet) await drain(lines);
    else await showProgress(lines, session.host.stdout);
    await session.print(`${canonicalReference(reference)}\n`);
  },
});

async function drain(lines: ReturnType<typeof pullImage>): Promise<void> {
  for await (const line of lines)
    if (line.errorDetail || line.error) throw new CliError(line.errorDetail?.message ?? line.error!);
}

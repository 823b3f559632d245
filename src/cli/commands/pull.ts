import { canonicalReference } from "#spec/reference.ts";
import { defineCommand, ONE_ARGUMENT } from "../command.ts";
import { CliError } from "../errors.ts";
import { bool, string } from "../flag-kinds.ts";
import { showProgress } from "../progress.ts";
import { pullImage } from "../pull-image.ts";
import { chooseTag } from "../tag-choice.ts";

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
    const reference = await chooseTag(session, name!, flags);
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

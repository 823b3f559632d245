import { parsePlatform } from "#spec/platform.ts";
import { defineCommand } from "../command.ts";
import { CliError } from "../errors.ts";
import { bool, string } from "../flag-kinds.ts";
import { copyImage } from "../image-copy/copy.ts";
import { LOCATION_FORMS, parseLocation } from "../image-copy/location.ts";
import { openDestination, openSource } from "../image-copy/open.ts";
import { ProgressLines } from "../image-copy/progress-lines.ts";
import { SILENT, showProgress } from "../progress.ts";
import { HOST_PLATFORM } from "./_platform.ts";

export const command = defineCommand({
  usage: "[OPTIONS] SOURCE DESTINATION",
  arguments: { min: 2, max: 2 },
  description:
    "Copy an image from one place to another. It keeps its digest, and only what is missing is sent.\n" +
    `A place is one of:\n\n${LOCATION_FORMS.replace(/^/gm, "  ")}`,
  flags: {
    all: bool("Copy all platforms of an image for several", { short: "a" }),
    insecure: bool("Speak to registries without or with unknown certificates"),
    platform: string("Copy this platform of an image for several (os[/arch[/variant]])"),
    quiet: bool("Say only the digest", { short: "q" }),
  },
  async run({ session, args, flags }) {
    if (flags.all && flags.platform) throw new CliError("conflicting options: --all and --platform");
    const [from, to] = args.map(parseLocation);
    const platforms = flags.all
      ? "all"
      : flags.platform
        ? parsePlatform(flags.platform, HOST_PLATFORM)
        : HOST_PLATFORM;
    await using source = await openSource(session, from!, flags);
    await using destination = await openDestination(session, to!, flags);
    const lines = new ProgressLines();
    const copying = copyImage({ source, destination, platforms, emit: (line) => lines.add(line) }).finally(
      () => lines.end(),
    );
    copying.catch(() => {}); // awaited below, after what was told before it failed
    await showProgress(lines, flags.quiet ? SILENT : session.host.stdout);
    await session.print(`${(await copying).digest}\n`);
  },
});

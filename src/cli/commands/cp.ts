import { defineCommand, TWO_ARGUMENTS } from "../command.ts";
import { parseDirection } from "../copy/arguments.ts";
import { copyFromContainer, copyToContainer } from "../copy/copy.ts";
import { bool } from "../flag-kinds.ts";
import { humanSize } from "../format/human.ts";

export const command = defineCommand({
  usage: "[OPTIONS] CONTAINER:PATH TARGET|- or SOURCE|- CONTAINER:PATH",
  arguments: TWO_ARGUMENTS,
  completes: "containers",
  flags: {
    archive: bool("In the container, files belong to the user it runs as", { short: "a" }),
    "follow-link": bool("Copy what a link leads to, not the link", { short: "L" }),
    quiet: bool("Say nothing of what was copied", { short: "q" }),
  },
  async run({ session, args: [source, target], flags }) {
    const direction = parseDirection(source!, target!);
    const options = { archive: flags.archive, followLink: flags["follow-link"] };
    const { containers } = await session.client();
    const copied =
      direction.to === "container"
        ? await copyToContainer(containers, session.host, direction, options)
        : await copyFromContainer(containers, session.host, direction, options);
    const isShown = !flags.quiet && copied.place !== "-" && session.host.stderr.isTerminal();
    if (isShown) await session.warn(`Successfully copied ${humanSize(copied.bytes)} to ${copied.place}\n`);
  },
});

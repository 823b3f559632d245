import { defineCommand, NO_ARGUMENTS } from "../command.ts";
import { bool, filter, int, string } from "../flag-kinds.ts";
import { formatRows } from "../format/rows.ts";
import { containerListing } from "./_container-rows.ts";
import { FORMAT_TEXT } from "./_format-text.ts";

const IGNORED_FORMAT = "WARNING: Ignoring custom format, because both --format and --quiet are set.\n";

export const command = defineCommand({
  usage: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: {
    all: bool("Also show containers that are not running", { short: "a" }),
    filter: filter("Show only containers that meet these conditions", { short: "f" }),
    format: string(FORMAT_TEXT),
    last: int("Show only the newest containers, this many, running or not", { short: "n", initial: -1 }),
    latest: bool("Show only the newest container, running or not", { short: "l" }),
    "no-trunc": bool("Show everything in full"),
    quiet: bool("Show only ids", { short: "q" }),
    size: bool("Show how much containers have written", { short: "s" }),
  },
  async run({ session, flags }) {
    if (flags.quiet && flags.format) await session.warn(IGNORED_FORMAT);
    const format = flags.quiet ? "" : flags.format || session.config.psFormat || "";
    const { containers } = await session.client();
    const rows = await containers.list({
      all: flags.all,
      limit: flags.latest ? 1 : flags.last,
      size: flags.size || /\.Size\b/.test(format),
      filters: flags.filter,
    });
    const listing = containerListing({
      noTrunc: flags["no-trunc"],
      size: flags.size,
      now: session.host.now(),
    });
    await session.print(
      await formatRows(rows, listing, {
        format,
        quiet: flags.quiet,
      }),
    );
  },
});

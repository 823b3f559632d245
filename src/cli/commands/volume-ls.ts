import { defineCommand, NO_ARGUMENTS } from "../command.ts";
import { bool, filter, string } from "../flag-kinds.ts";
import { compareNaturally } from "../format/labels.ts";
import { formatRows } from "../format/rows.ts";
import { FORMAT_TEXT } from "./_format-text.ts";
import { VOLUME_LISTING } from "./_volume-rows.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: {
    filter: filter("Show only volumes that meet these conditions", { short: "f" }),
    format: string(FORMAT_TEXT),
    quiet: bool("Show only names", { short: "q" }),
    size: bool("Measure the volumes", { short: "s" }),
  },
  async run({ session, flags }) {
    const { volumes } = await session.client();
    const { Volumes } = await volumes.list(flags.filter, { size: flags.size });
    const rows = [...(Volumes ?? [])].sort((a, b) => compareNaturally(a.Name, b.Name));
    const format = flags.format || (flags.quiet ? "" : (session.config.volumesFormat ?? ""));
    const listing = flags.size
      ? { ...VOLUME_LISTING, table: ["Driver", "Name", "Links", "Size"] }
      : VOLUME_LISTING;
    await session.print(await formatRows(rows, listing, { format, quiet: flags.quiet }));
  },
});

import { shortId } from "#base/ids.ts";
import type { ImageHistoryItem } from "#spec/docker/images.ts";
import { defineCommand, ONE_ARGUMENT } from "../command.ts";
import { bool, string } from "../flag-kinds.ts";
import { humanAge, humanSize, localRfc3339 } from "../format/human.ts";
import { formatRows, type Listing } from "../format/rows.ts";
import { ellipsis } from "../format/table.ts";
import { FORMAT_TEXT } from "./_format-text.ts";
import { platformQuery } from "./_platform.ts";

export const command = defineCommand({
  usage: "[OPTIONS] IMAGE",
  arguments: ONE_ARGUMENT,
  completes: "images",
  flags: {
    format: string(FORMAT_TEXT),
    human: bool("Show sizes and times for people", { short: "H", initial: true }),
    "no-trunc": bool("Show everything in full"),
    platform: string("Show this platform of an image for several (os[/arch[/variant]])"),
    quiet: bool("Show only ids", { short: "q" }),
  },
  async run({ session, args: [name], flags }) {
    const { images } = await session.client();
    const rows = await images.history(name!, { platform: platformQuery(flags.platform) });
    const listing = historyListing({
      noTrunc: flags["no-trunc"],
      human: flags.human,
      now: session.host.now(),
    });
    await session.print(await formatRows(rows, listing, { format: flags.format, quiet: flags.quiet }));
  },
});

const COMMAND_CELLS = 45;

interface HistoryOptions {
  readonly noTrunc: boolean;
  readonly human: boolean;
  /** Milliseconds since 1970. */
  readonly now: number;
}

function historyListing({ noTrunc, human, now }: HistoryOptions): Listing<ImageHistoryItem> {
  const shorten = (text: string) => (noTrunc ? text : ellipsis(text, COMMAND_CELLS));
  return {
    typeName: "history",
    quiet: ({ Id }) => (noTrunc ? Id : shortId(Id)),
    table: ["ID", human ? "CreatedSince" : "CreatedAt", "CreatedBy", "Size", "Comment"],
    columns: {
      ID: { title: "IMAGE", value: ({ Id }) => (noTrunc ? Id : shortId(Id)) },
      CreatedAt: { title: "CREATED AT", value: ({ Created }) => localRfc3339(Created) },
      CreatedSince: {
        title: "CREATED",
        value: ({ Created }) => (Created > 0 ? humanAge(Created, now) : "N/A"),
      },
      CreatedBy: { title: "CREATED BY", value: ({ CreatedBy }) => shorten(CreatedBy.replaceAll("\t", " ")) },
      Size: { title: "SIZE", value: ({ Size }) => (human ? humanSize(Size, 3) : String(Size)) },
      Comment: { title: "COMMENT", value: ({ Comment }) => Comment },
    },
  };
}

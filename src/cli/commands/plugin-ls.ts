import { shortId } from "#base/ids.ts";
import type { PluginObject } from "#spec/docker/plugins.ts";
import { defineCommand, NO_ARGUMENTS } from "../command.ts";
import { bool, filter, string } from "../flag-kinds.ts";
import { compareNaturally } from "../format/labels.ts";
import { formatRows, type Listing } from "../format/rows.ts";
import { ellipsis } from "../format/table.ts";
import { FORMAT_TEXT } from "./_format-text.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: {
    filter: filter('Show only plugins that meet these conditions (such as "enabled=true")', { short: "f" }),
    format: string(FORMAT_TEXT),
    "no-trunc": bool("Show ids and descriptions in full"),
    quiet: bool("Show only ids", { short: "q" }),
  },
  async run({ session, flags }) {
    const { plugins } = await session.client();
    const rows = (await plugins.list(flags.filter)).toSorted((a, b) => compareNaturally(a.Name, b.Name));
    const format = flags.format || (flags.quiet ? "" : (session.config.pluginsFormat ?? ""));
    const listing = pluginListing(flags["no-trunc"]);
    await session.print(await formatRows(rows, listing, { format, quiet: flags.quiet }));
  },
});

const DESCRIPTION_CELLS = 45;

function pluginListing(noTrunc: boolean): Listing<PluginObject> {
  const idOf = ({ Id }: PluginObject) => (noTrunc ? Id : shortId(Id));
  const descriptionOf = ({ Config }: PluginObject) => {
    const text = Config.Description.replace(/[\r\n]/g, " ");
    return noTrunc ? text : ellipsis(text, DESCRIPTION_CELLS);
  };
  return {
    typeName: "plugin",
    quiet: idOf,
    table: ["ID", "Name", "Description", "Enabled"],
    columns: {
      ID: { title: "ID", value: idOf },
      Name: { title: "NAME", value: ({ Name }) => Name },
      Description: { title: "DESCRIPTION", value: descriptionOf },
      Enabled: { title: "ENABLED", value: ({ Enabled }) => Enabled },
      PluginReference: { title: "IMAGE", value: ({ PluginReference }) => PluginReference },
    },
  };
}

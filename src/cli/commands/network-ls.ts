import { shortId } from "#base/ids.ts";
import type { NetworkInspect } from "#spec/docker/networks.ts";
import { defineCommand, NO_ARGUMENTS } from "../command.ts";
import { bool, filter, string } from "../flag-kinds.ts";
import { goTimeOf } from "../format/human.ts";
import { compareNaturally, labelMethod, labelText } from "../format/labels.ts";
import { formatRows, type Listing } from "../format/rows.ts";
import { FORMAT_TEXT } from "./_format-text.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: {
    filter: filter("Show only networks that meet these conditions", { short: "f" }),
    format: string(FORMAT_TEXT),
    "no-trunc": bool("Show everything in full"),
    quiet: bool("Show only ids", { short: "q" }),
  },
  async run({ session, flags }) {
    const { networks } = await session.client();
    const rows = (await networks.list(flags.filter)).sort((a, b) => compareNaturally(a.Name, b.Name));
    const format = flags.format || (flags.quiet ? "" : (session.config.networksFormat ?? ""));
    await session.print(
      await formatRows(rows, networkListing(flags["no-trunc"]), { format, quiet: flags.quiet }),
    );
  },
});

function networkListing(noTrunc: boolean): Listing<NetworkInspect> {
  return {
    typeName: "network",
    quiet: ({ Id }) => (noTrunc ? Id : shortId(Id)),
    table: ["ID", "Name", "Driver", "Scope"],
    columns: {
      ID: { title: "NETWORK ID", value: ({ Id }) => (noTrunc ? Id : shortId(Id)) },
      Name: { title: "NAME", value: ({ Name }) => Name },
      Driver: { title: "DRIVER", value: ({ Driver }) => Driver },
      Scope: { title: "SCOPE", value: ({ Scope }) => Scope },
      IPv4: { title: "IPV4", value: ({ EnableIPv4 }) => String(EnableIPv4 ?? false) },
      IPv6: { title: "IPV6", value: ({ EnableIPv6 }) => String(EnableIPv6) },
      Internal: { title: "INTERNAL", value: ({ Internal }) => String(Internal) },
      Labels: { title: "LABELS", value: ({ Labels }) => labelText(Labels) },
      CreatedAt: { title: "CREATED AT", value: ({ Created }) => goTimeOf(Created) },
    },
    methods: { Label: labelMethod((row) => row.Labels) },
  };
}

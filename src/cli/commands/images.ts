import { AT_MOST_ONE_ARGUMENT, defineCommand } from "../command.ts";
import { CliError } from "../errors.ts";
import { bool, filter, string } from "../flag-kinds.ts";
import { formatRows } from "../format/rows.ts";
import { FORMAT_TEXT } from "./_format-text.ts";
import { imageListing, imageRows } from "./_image-rows.ts";

export const command = defineCommand({
  usage: "[OPTIONS] [REPOSITORY[:TAG]]",
  arguments: AT_MOST_ONE_ARGUMENT,
  completes: "images",
  flags: {
    all: bool("Also show images that only others are based on", { short: "a" }),
    digests: bool("Show digests"),
    filter: filter("Show only images that meet these conditions", { short: "f" }),
    format: string(FORMAT_TEXT),
    "no-trunc": bool("Show everything in full"),
    quiet: bool("Show only ids", { short: "q" }),
    tree: bool("Show the platforms of each image"),
  },
  async run({ session, args: [name], flags, given }) {
    const { images } = await session.client();
    const reference = [...(flags.filter.reference ?? []), ...(name ? [name] : [])];
    const filters = reference.length > 0 ? { ...flags.filter, reference } : flags.filter;
    if (flags.tree) {
      const conflict = ["quiet", "format", "digests"].find((flag) => given.has(flag as keyof typeof flags));
      if (conflict) throw new CliError(`--${conflict} is not yet supported with --tree`);
      const listed = await images.list({ all: flags.all, filters, manifests: true });
      const { imageTree } = await import("./_image-tree.ts");
      return await session.print(imageTree(listed, { noTrunc: flags["no-trunc"] }));
    }
    const found = await images.list({ all: flags.all, filters });
    const format = flags.format || (flags.quiet ? "" : (session.config.imagesFormat ?? ""));
    const rows = imageRows(found, flags.digests || /\.Digest\b/.test(format));
    const listing = imageListing({
      noTrunc: flags["no-trunc"],
      digests: flags.digests,
      now: session.host.now(),
    });
    await session.print(await formatRows(rows, listing, { format, quiet: flags.quiet }));
  },
});

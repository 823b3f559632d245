import type { ImageSearchItem } from "#spec/docker/images.ts";
import { defineCommand, ONE_ARGUMENT } from "../command.ts";
import { registryAuthHeader } from "../credentials.ts";
import { bool, filter, int, string } from "../flag-kinds.ts";
import { formatRows, type Listing } from "../format/rows.ts";
import { ellipsis } from "../format/table.ts";
import { FORMAT_TEXT } from "./_format-text.ts";

export const command = defineCommand({
  usage: "[OPTIONS] TERM",
  arguments: ONE_ARGUMENT,
  description: "Search a registry's index for images.\nWithout a host in the term, Docker Hub is asked.",
  flags: {
    filter: filter("Show only images that meet these conditions (is-official, stars)", { short: "f" }),
    format: string(FORMAT_TEXT),
    limit: int("Show at most so many"),
    "no-trunc": bool("Show descriptions in full"),
  },
  async run({ session, args: [term], flags }) {
    const { images } = await session.client();
    const source = { config: session.config, env: session.host.env };
    const found = await images.search({
      term: term!,
      limit: flags.limit,
      filters: flags.filter,
      registryAuth: await registryAuthHeader(source, registryOf(term!)),
    });
    const rows = found.toSorted((a, b) => b.star_count - a.star_count);
    await session.print(await formatRows(rows, searchListing(flags["no-trunc"]), { format: flags.format }));
  },
});

/** Whose credentials the engine may want. */
function registryOf(term: string): string {
  const [first, ...rest] = term.split("/");
  return rest.length > 0 && (/[.:]/.test(first!) || first === "localhost") ? first! : "docker.io";
}

const DESCRIPTION_CELLS = 45;

function searchListing(noTrunc: boolean): Listing<ImageSearchItem> {
  const mark = (value: boolean) => (value ? "[OK]" : "");
  return {
    typeName: "search",
    quiet: ({ name }) => name,
    table: ["Name", "Description", "StarCount", "IsOfficial"],
    columns: {
      Name: { title: "NAME", value: ({ name }) => name },
      Description: {
        title: "DESCRIPTION",
        value: ({ description }) => {
          const line = description.replace(/[\r\n]+/g, " ");
          return noTrunc ? line : ellipsis(line, DESCRIPTION_CELLS);
        },
      },
      StarCount: { title: "STARS", value: ({ star_count }) => String(star_count) },
      IsOfficial: { title: "OFFICIAL", value: ({ is_official }) => mark(is_official) },
      IsAutomated: { title: "AUTOMATED", value: ({ is_automated }) => mark(is_automated) },
    },
  };
}

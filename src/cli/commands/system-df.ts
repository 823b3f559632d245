import { defineCommand, NO_ARGUMENTS } from "../command.ts";
import { bool, string } from "../flag-kinds.ts";
import { htmlSafeJson } from "../format/json.ts";
import { formatRows } from "../format/rows.ts";
import { detailSections, SUMMARY_LISTING, summaryRows } from "./_disk-usage.ts";
import { FORMAT_TEXT } from "./_format-text.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: {
    format: string(FORMAT_TEXT),
    verbose: bool("Show every image, container and volume", { short: "v" }),
  },
  async run({ session, flags: { format, verbose } }) {
    const { system } = await session.client();
    const usage = await system.dataUsage();
    if (!verbose)
      return await session.print(await formatRows(summaryRows(usage), SUMMARY_LISTING, { format }));
    const sections = detailSections(usage, session.host.now());
    if (format === "json") return await session.print(`${htmlSafeJson(await jsonOf(sections))}\n`);
    const parts = await Promise.all(
      sections.map(async ({ title, show }) => `${title}\n\n${await show(format)}`),
    );
    await session.print(parts.join("\n"));
  },
});

/** Kind to the JSON of its rows. */
async function jsonOf(sections: ReturnType<typeof detailSections>): Promise<Record<string, unknown[]>> {
  const lists = sections.map(async ({ key, show }) => [key, parseLines(await show("json"))] as const);
  return Object.fromEntries(await Promise.all(lists));
}

function parseLines(text: string): unknown[] {
  return text
    .split("\n")
    .filter(Boolean)
    .map((line) => JSON.parse(line) as unknown);
}

import type { GarbageReport } from "#spec/gc.ts";
import { defineCommand, NO_ARGUMENTS } from "../command.ts";
import { CliError } from "../errors.ts";
import { bool, string } from "../flag-kinds.ts";
import { humanAge, humanSize } from "../format/human.ts";
import { htmlSafeJson } from "../format/json.ts";

export const command = defineCommand({
  usage: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: {
    "dry-run": bool("Only print what would be deleted"),
    format: string('"json" prints the report as JSON'),
    "high-threshold": string("Percent of the disk in use at which unused images are evicted", {
      type: "int",
    }),
    "low-threshold": string("Percent of the disk in use at which eviction ends", { type: "int" }),
    "minimum-age": string("Do not evict images used more recently", { type: "duration" }),
  },
  async run({ session, flags }) {
    if (flags.format !== "" && flags.format !== "json") throw new CliError('the only format is "json"');
    const { system } = await session.client();
    const report = await system.collectGarbage({
      dryRun: flags["dry-run"],
      highThreshold: percent(flags["high-threshold"]),
      lowThreshold: percent(flags["low-threshold"]),
      minimumAge: flags["minimum-age"] || undefined,
    });
    const text =
      flags.format === "json" ? `${htmlSafeJson(report)}\n` : reportText(report, session.host.now());
    await session.print(text);
  },
});

function percent(text: string): number | undefined {
  if (text === "") return undefined;
  if (!/^\d{1,3}$/.test(text)) throw new CliError(`${JSON.stringify(text)} is no percentage`);
  return Number(text);
}

/** What went, or would go. @param now milliseconds since 1970 */
export function reportText(report: GarbageReport, now: number): string {
  const { DryRun, Garbage, Evicted, Kept, SpaceReclaimed } = report;
  const would = DryRun ? "Would delete" : "Deleted";
  const garbage = [...Garbage.Layers, ...Garbage.Blobs, ...Garbage.Downloads];
  const evicted = Evicted.map(
    ({ Id, Names, LastUsed, Size }) =>
      `${nameOf(Id, Names)}  ${humanSize(Size)}  last used ${humanAge(Date.parse(LastUsed) / 1000, now)}`,
  );
  const kept = Kept.map(({ Id, Names, Reason }) => `${nameOf(Id, Names)}: ${Reason}`);
  return [
    spaceLine(report),
    section(`${would} leftovers (${humanSize(Garbage.Size)})`, garbage),
    section(DryRun ? "Would evict images" : "Evicted images", evicted),
    section("Still too full; these images stay", kept),
    `${DryRun ? "Total space that would be reclaimed" : "Total reclaimed space"}: ${humanSize(SpaceReclaimed)}\n`,
  ].join("");
}

function spaceLine({ FileSystem }: GarbageReport): string {
  const { Path, UsedPercent, HighThreshold, LowThreshold } = FileSystem;
  const rule =
    HighThreshold === undefined
      ? "no image is evicted: no threshold is set"
      : `images are evicted at ${HighThreshold}%, down to ${LowThreshold}%`;
  return `${Path}: ${UsedPercent}% of the disk in use; ${rule}\n`;
}

function section(title: string, lines: readonly string[]): string {
  return lines.length === 0 ? "" : `\n${title}:\n${lines.join("\n")}\n\n`;
}

function nameOf(id: string, names: readonly string[]): string {
  const short = id.replace(/^sha256:/, "").slice(0, 12);
  return names.length > 0 ? `${short} (${names.join(", ")})` : short;
}

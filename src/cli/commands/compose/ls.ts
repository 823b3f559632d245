import { LABEL } from "#compose/engine/labels.ts";
import type { ContainerSummary } from "#spec/docker/containers.ts";
import { NO_ARGUMENTS } from "../../command.ts";
import { defineVerb } from "../../compose/verb.ts";
import { CliError } from "../../errors.ts";
import { bool, filter, string } from "../../flag-kinds.ts";
import { htmlSafeJson } from "../../format/json.ts";
import { alignRows } from "../../format/table.ts";

interface Row {
  readonly Name: string;
  readonly Status: string;
  readonly ConfigFiles: string;
}

export const verb = defineVerb({
  usage: "[OPTIONS]",
  arguments: NO_ARGUMENTS,
  flags: {
    all: bool("Also show projects of which nothing runs", { short: "a" }),
    filter: filter("Show only projects that meet this condition (name=…)"),
    format: string('Format of the output ("table", "json")', { initial: "table" }),
    quiet: bool("Show only names", { short: "q" }),
  },
  async run({ compose, flags }) {
    const unknown = Object.keys(flags.filter).find((key) => key !== "name");
    if (unknown !== undefined) throw new CliError(`invalid filter '${unknown}'`);
    const { containers } = await compose.client();
    const label = [LABEL.project, LABEL.configHash];
    const all = await containers.list({ all: flags.all, filters: { label } });
    const names = flags.filter.name;
    const rows = projectsOf(all).filter(
      ({ Name }) => !names || names.some((text) => Name === text || matches(text, Name)),
    );
    if (flags.quiet) return await compose.print(rows.map(({ Name }) => `${Name}\n`).join(""));
    if (flags.format === "json") return await compose.print(`${htmlSafeJson(rows)}\n`);
    if (flags.format !== "table")
      throw new CliError(
        `format value ${JSON.stringify(flags.format)} could not be parsed: use "table" or "json"`,
      );
    const cells = rows.map(({ Name, Status, ConfigFiles }) => [Name, Status, ConfigFiles]);
    await compose.print(alignRows([["NAME", "STATUS", "CONFIG FILES"], ...cells], { minWidth: 20 }));
  },
});

function matches(text: string, name: string): boolean {
  try {
    return new RegExp(text).test(name);
  } catch {
    return false;
  }
}

/** Sorted by name, each with what its containers do: "exited(1), running(2)". */
function projectsOf(containers: readonly ContainerSummary[]): Row[] {
  const groups = Object.groupBy(containers, ({ Labels }) => Labels[LABEL.project] ?? "");
  return Object.keys(groups)
    .sort()
    .map((Name) => {
      const own = groups[Name]!;
      const files = own.flatMap(({ Labels }) => (Labels[LABEL.configFiles] ?? "").split(",")).filter(Boolean);
      return { Name, Status: statusOf(own), ConfigFiles: [...new Set(files)].join(",") || "N/A" };
    });
}

function statusOf(containers: readonly ContainerSummary[]): string {
  const groups = Object.groupBy(containers, ({ State }) => State);
  return Object.entries(groups)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([state, all]) => `${state}(${all!.length})`)
    .join(", ");
}

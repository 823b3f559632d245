import type { Command } from "./command.ts";
import { COMMANDS, type CommandEntry, GROUPS } from "./commands/all.ts";
import { GLOBAL_FLAGS } from "./global-flags.ts";
import { commandHelp, flagLines, groupHelp } from "./help.ts";
import type { CliHost } from "./host.ts";

/** Where there is no terminal to ask. */
const DEFAULT_WIDTH = 80;

export async function showCommandHelp(
  host: CliHost,
  path: string,
  entry: CommandEntry,
  command: Command,
): Promise<number> {
  await host.stdout.write(commandHelp(path, entry, command, widthOf(host)));
  return 0;
}

export async function showGroupHelp(host: CliHost, group: string): Promise<number> {
  const rows = visible()
    .flatMap((entry) => entry.names.map((name) => [name, entry.short] as const))
    .filter(([name]) => name.startsWith(`${group} `))
    .map(([name, short]) => [name.slice(group.length + 1), short] as const);
  const footer = `Run 'wharf ${group} COMMAND --help' for more information on a command.`;
  await host.stdout.write(
    groupHelp(`wharf ${group} COMMAND`, GROUPS[group]!, [{ title: "Commands", rows: sorted(rows) }], footer),
  );
  return 0;
}

export async function showProgramHelp(host: CliHost): Promise<number> {
  const single = visible().filter((entry) => !entry.names[0]!.includes(" "));
  const rows = (entries: readonly CommandEntry[]) =>
    entries.map((entry) => [entry.names[0]!, entry.short] as const);
  const engine = ["daemon", "Run the engine"] as const;
  const sections = [
    { title: "Common Commands", rows: rows(single.filter((entry) => entry.isCommon)) },
    { title: "Management Commands", rows: sorted(Object.entries(GROUPS)) },
    { title: "Commands", rows: sorted([...rows(single.filter((entry) => !entry.isCommon)), engine]) },
  ];
  const footer = `Global Options:\n${flagLines(GLOBAL_FLAGS, widthOf(host))}\n\nRun 'wharf COMMAND --help' for more information on a command.`;
  await host.stdout.write(
    groupHelp(
      "wharf [OPTIONS] COMMAND",
      "Containers: a fast and safe engine for what Docker's tools expect",
      sections,
      footer,
    ),
  );
  return 0;
}

function visible(): readonly CommandEntry[] {
  return COMMANDS.filter((entry) => !entry.isHidden);
}

type Row = readonly [name: string, text: string];

function sorted(rows: readonly Row[]): Row[] {
  return [...rows].sort(([a], [b]) => (a < b ? -1 : 1));
}

function widthOf(host: CliHost): number {
  return host.stdout.size()?.width ?? DEFAULT_WIDTH;
}

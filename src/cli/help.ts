/** Help texts, made from the same tables that drive parsing. */
import type { Command } from "./command.ts";
import type { CommandEntry } from "./commands/all.ts";
import type { FlagSpec, FlagSpecs } from "./flags.ts";

const MIN_TEXT_WIDTH = 24;
/** Words may stand this far over the edge rather than start a line of their own. */
const SLOP = 5;

/** "Usage:  wharf ps [OPTIONS]": the first line of help and the second of an error. */
export function usageLine(path: string, command: Pick<Command, "usage">): string {
  return `Usage:  ${[path, command.usage].filter(Boolean).join(" ")}`;
}

/** @param width in character cells */
export function commandHelp(path: string, entry: CommandEntry, command: Command, width: number): string {
  const parts = [usageLine(path, command), command.description ?? entry.short];
  if (entry.names.length + (entry.aliases?.length ?? 0) > 1)
    parts.push(`Aliases:\n  ${aliasesOf(entry).join(", ")}`);
  const flags = flagLines(command.flags, width);
  if (flags) parts.push(`Options:\n${flags}`);
  return `${parts.join("\n\n")}\n`;
}

function aliasesOf(entry: CommandEntry): string[] {
  return [...entry.names, ...(entry.aliases ?? [])].map((name) => `wharf ${name}`).sort();
}

export interface Section {
  readonly title: string;
  readonly rows: readonly (readonly [name: string, text: string])[];
}

/** Help of a group of commands, and of the program as a whole. */
export function groupHelp(
  usage: string,
  description: string,
  sections: readonly Section[],
  footer: string,
): string {
  const shown = sections.filter((section) => section.rows.length > 0);
  const column = Math.max(11, ...shown.flatMap(({ rows }) => rows.map(([name]) => name.length)));
  const texts = shown.map(
    ({ title, rows }) =>
      `${title}:\n${rows.map(([name, text]) => `  ${name.padEnd(column)} ${text}`).join("\n")}`,
  );
  return `${[`Usage:  ${usage}`, description, ...texts, footer].join("\n\n")}\n`;
}

/** The options of a command in two columns, wrapped; "" when there are none to show. */
export function flagLines(flags: FlagSpecs, width: number): string {
  const shown = Object.entries(flags)
    .filter(([, spec]) => !spec.hidden && !spec.deprecated)
    .sort(([a], [b]) => (a < b ? -1 : 1));
  const titles = shown.map(([name, spec]) => flagTitle(name, spec));
  const column = Math.max(0, ...titles.map((title) => title.length)) + 3;
  return shown
    .map(([, spec], index) => titles[index]!.padEnd(column) + wrap(textOf(spec), column, width))
    .join("\n");
}

function flagTitle(name: string, spec: FlagSpec<unknown>): string {
  return `${spec.short ? `  -${spec.short}, ` : "      "}--${name}${spec.type ? ` ${spec.type}` : ""}`;
}

function textOf(spec: FlagSpec<unknown>): string {
  const shown = spec.shownDefault ?? defaultText(spec.initial);
  return shown === "" ? spec.text : `${spec.text} (default ${shown})`;
}

/** "" for a value that goes without saying. */
function defaultText(initial: unknown): string {
  if (typeof initial === "string") return initial && JSON.stringify(initial);
  return initial === true || (typeof initial === "number" && initial !== 0) ? String(initial) : "";
}

/** Breaks a text at spaces; the lines after the first are indented by `column`. */
function wrap(text: string, column: number, width: number): string {
  const room = Math.max(MIN_TEXT_WIDTH, width - 1 - column) - SLOP;
  const lines: string[] = [];
  for (const paragraph of text.split("\n")) lines.push(...wrapLine(paragraph, room));
  return lines.join(`\n${" ".repeat(column)}`);
}

function wrapLine(text: string, room: number): string[] {
  const lines: string[] = [];
  let rest = text;
  while (rest.length > room + SLOP) {
    const space = rest.lastIndexOf(" ", room);
    if (space <= 0) break;
    lines.push(rest.slice(0, space));
    rest = rest.slice(space + 1);
  }
  return [...lines, rest];
}

import type { Filters } from "#base/filters.ts";
import { humanSize } from "../format/human.ts";
import { splitPair } from "../parse/pair.ts";
import type { Session } from "../session.ts";

/** Filters of the command line together with `pruneFilters` of the configuration; a label given here wins. */
export function pruneFilters(session: Session, given: Filters): Filters {
  const merged: Record<string, string[]> = {};
  for (const [key, values] of Object.entries(given)) merged[key] = [...values];
  for (const pair of session.config.pruneFilters ?? []) {
    const [key, value = ""] = splitPair(pair);
    const opposite = key === "label" ? "label!" : "label";
    if (merged[opposite]?.includes(value) || merged[key]?.includes(value)) continue;
    merged[key] = [...(merged[key] ?? []), value];
  }
  return merged;
}

/** Whether the user agrees; `--force` agrees beforehand. */
export async function isConfirmed(session: Session, force: boolean, warning: string): Promise<boolean> {
  if (force) return true;
  const { Prompter } = await import("../prompt.ts");
  const answer = await new Prompter(session).ask(
    `WARNING! ${warning}\nAre you sure you want to continue? [y/N] `,
  );
  return answer.trim().toLowerCase() === "y";
}

/** "Deleted Containers:" and the names, then the room that came free. */
export function pruneReport(
  title: string,
  names: readonly string[] | null | undefined,
  bytes?: number,
): string {
  const list = names?.length ? `${title}:\n${names.join("\n")}\n\n` : "";
  return bytes === undefined ? list : `${list}Total reclaimed space: ${humanSize(bytes)}\n`;
}

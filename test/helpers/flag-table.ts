/** Tables of the client's flags: which arguments, and where their effect is seen. */
import type { TestDaemon } from "./daemon.ts";

export interface FlagRow {
  /** Without dashes; several when they only make sense together. */
  readonly flags: readonly string[];
  readonly args: readonly string[];
  /** Shell commands in the container; what they print is compared. */
  readonly probe: string;
  readonly shows: string | RegExp;
}

/** First line of a probe: reads a group's file by its v1 path or its v2 name. */
const LIMIT = 'limit() { cat "/sys/fs/cgroup/$1" 2>/dev/null || cat "/sys/fs/cgroup/$2"; }';

const mark = (index: number) => `@@ ${index} @@`;

/** One command line for all rows: `run` with every row's arguments, and a script of all probes. */
export function commandOf(rows: readonly FlagRow[], more: readonly string[] = []): string[] {
  const probes = rows.map(({ probe }, index) => `echo '${mark(index)}'\n{ ${probe}\n} 2>&1`);
  return [
    ...rows.flatMap(({ args }) => args),
    ...more,
    "busybox",
    "sh",
    "-c",
    [LIMIT, ...probes, "true"].join("\n"),
  ];
}

/** What each probe printed, by row. */
export function partsOf(rows: readonly FlagRow[], output: string): string[] {
  return rows.map((_row, index) => {
    const from = output.indexOf(mark(index)) + mark(index).length;
    const to = index + 1 < rows.length ? output.indexOf(mark(index + 1)) : output.length;
    return output.slice(from, to).trim();
  });
}

/** Long flags of a client's command, as its help names them. */
export async function flagsOf(daemon: TestDaemon, ...command: string[]): Promise<string[]> {
  const help = await daemon.dockerText(...command, "--help");
  return [...help.matchAll(/^\s+(?:-\w, )?--([a-z0-9-]+)/gm)].map((match) => match[1]!);
}

/** What every command line has in common before a command runs: its flags are read, its arguments counted. */
import type { ArgumentCount, Command } from "./command.ts";
import { FlagError, type FlagSpecs, type ParsedFlags, parseFlags } from "./flags.ts";
import type { CliHost } from "./host.ts";

const PROGRAM = "wharf";

/** Exit code when the command line itself cannot be read. */
const USAGE_EXIT_CODE = 125;

export interface Usage {
  /** "wharf container ls" */
  readonly path: string;
  readonly usage: string;
  readonly interspersed: boolean;
}

/** The parsed flags, or the exit code after the user was told what is wrong with them. */
export async function parseOrExplain<F extends FlagSpecs>(
  host: CliHost,
  args: readonly string[],
  specs: F,
  { path, usage, interspersed }: Usage,
): Promise<ParsedFlags<F> | number> {
  try {
    return parseFlags(args, specs, { interspersed });
  } catch (error) {
    if (!(error instanceof FlagError)) throw error;
    await host.stderr.write(
      `${error.message}\n\nUsage:  ${path} ${usage}\n\nRun '${path} --help' for more information\n`,
    );
    return USAGE_EXIT_CODE;
  }
}

/** The text for a wrong number of arguments; undefined when it is right. */
export function argumentComplaint(
  path: string,
  { arguments: wanted, usage }: Pick<Command, "arguments" | "usage">,
  count: number,
): string | undefined {
  if (count >= wanted.min && (wanted.max === undefined || count <= wanted.max)) return undefined;
  const usageText = `Usage:  ${[path, usage].filter(Boolean).join(" ")}`;
  const pointer = wanted.max === undefined ? "See" : "Run";
  const more = `${pointer} '${path} --help' for more information`;
  return `${PROGRAM}: '${path}' ${requirement(wanted)}\n\n${usageText}\n\n${more}\n`;
}

function requirement({ min, max }: ArgumentCount): string {
  const plural = (number: number) => `${number} argument${number === 1 ? "" : "s"}`;
  if (max === undefined) return `requires at least ${plural(min)}`;
  if (max === 0) return "accepts no arguments";
  if (min === max) return `requires ${plural(min)}`;
  return min === 0
    ? `requires at most ${plural(max)}`
    : `requires at least ${min} and at most ${plural(max)}`;
}

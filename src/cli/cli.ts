import type { Command } from "./command.ts";
import { type CommandEntry, findCommand, GROUPS } from "./commands/all.ts";
import { CliError, shownMessage } from "./errors.ts";
import type { GlobalFlags } from "./global-flags.ts";
import type { CliHost } from "./host.ts";
import { NO_GLOBAL_FLAGS } from "./no-global-flags.ts";
import { argumentComplaint, parseOrExplain } from "./parse-command.ts";
import { Session } from "./session.ts";

const PROGRAM = "wharf";

/** What the shell reports for a process that wrote to a closed pipe (128 + SIGPIPE). */
const BROKEN_PIPE_EXIT_CODE = 141;

/**
 * Runs one command line.
 * @param argv the words after the program's name
 * @returns the exit code; the caller ends the process, as reading standard input may otherwise keep it alive
 */
export async function runCli(argv: readonly string[], host: CliHost): Promise<number> {
  try {
    return await dispatch(argv, host);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "EPIPE") return BROKEN_PIPE_EXIT_CODE;
    await host.stderr.write(`${shownMessage(error)}\n`);
    return error instanceof CliError ? error.exitCode : 1;
  }
}

async function dispatch(argv: readonly string[], host: CliHost): Promise<number> {
  const global = argv[0]?.startsWith("-")
    ? await parseGlobalFlags(argv, host)
    : { flags: NO_GLOBAL_FLAGS, rest: argv, wantsHelp: false };
  if (typeof global === "number") return global;
  const { flags, rest } = global;
  const [first, second] = rest;
  if (flags.version) return await showVersion(host);
  if (first === undefined || global.wantsHelp)
    return await (await import("./program-help.ts")).showProgramHelp(host);
  const found = findCommand(first, second);
  if (!found) return await explainUnknown(host, first, second);
  const path = [PROGRAM, ...rest.slice(0, found.words)].join(" ");
  return await runCommand(host, flags, { entry: found.entry, path, args: rest.slice(found.words) });
}

async function parseGlobalFlags(argv: readonly string[], host: CliHost) {
  const { GLOBAL_FLAGS } = await import("./global-flags.ts");
  const usage = { path: PROGRAM, usage: "[OPTIONS] COMMAND [ARG...]", interspersed: false };
  const parsed = await parseOrExplain(host, argv, GLOBAL_FLAGS, usage);
  return typeof parsed === "number"
    ? parsed
    : { flags: parsed.values, rest: parsed.rest, wantsHelp: parsed.wantsHelp };
}

async function showVersion(host: CliHost): Promise<number> {
  const { VERSION } = await import("./version.ts");
  await host.stdout.write(`Wharf version ${VERSION}\n`);
  return 0;
}

interface Call {
  readonly entry: CommandEntry;
  /** "wharf container ls" */
  readonly path: string;
  readonly args: readonly string[];
}

async function runCommand(
  host: CliHost,
  globalFlags: GlobalFlags,
  { entry, path, args }: Call,
): Promise<number> {
  const { command } = (await entry.load()) as { readonly command: Command };
  const parsed = await parseOrExplain(host, args, command.flags, {
    path,
    usage: command.usage,
    interspersed: command.interspersed ?? true,
  });
  if (typeof parsed === "number") return parsed;
  if (parsed.wantsHelp)
    return command.help
      ? await command.help(host)
      : await (await import("./program-help.ts")).showCommandHelp(host, path, entry, command);
  const complaint = argumentComplaint(path, command, parsed.rest.length);
  if (complaint) {
    await host.stderr.write(complaint);
    return 1;
  }
  for (const warning of parsed.warnings) await host.stderr.write(`${warning}\n`);
  const session = new Session(host, globalFlags, path);
  try {
    return (
      (await command.run({ session, args: parsed.rest, flags: parsed.values, given: parsed.given })) ?? 0
    );
  } catch (error) {
    if (globalFlags.debug && error instanceof Error) await host.stderr.write(`${error.stack}\n`);
    throw error;
  } finally {
    await session.close();
  }
}

async function explainUnknown(host: CliHost, first: string, second: string | undefined): Promise<number> {
  const isGroup = Object.hasOwn(GROUPS, first);
  if (isGroup && (second === undefined || second === "--help" || second === "-h"))
    return await (await import("./program-help.ts")).showGroupHelp(host, first);
  const path = isGroup ? `${PROGRAM} ${first}` : PROGRAM;
  const usage = isGroup ? `Usage:  ${path}\n\n` : "";
  const unknown = isGroup ? `${path} ${second}` : `${path} ${first}`;
  await host.stderr.write(
    `${PROGRAM}: unknown command: ${unknown}\n\n${usage}Run '${path} --help' for more information\n`,
  );
  return 1;
}

import type { ComposeSession } from "../../compose/session.ts";

export interface TerminalFlags {
  readonly "no-tty": boolean;
  readonly tty: boolean;
  readonly interactive: boolean;
  readonly detach: boolean;
}

/** `exec` and `run` are interactive and have a terminal where this process has one, unless flags say otherwise. */
export function terminalChoice(
  { host }: ComposeSession,
  flags: TerminalFlags,
  given: ReadonlySet<string>,
): { readonly tty: boolean; readonly interactive: boolean } {
  const isTerminal = host.stdout.isTerminal() && host.stdin.isTerminal();
  const isAsked = given.has("tty") ? flags.tty : given.has("no-tty") ? !flags["no-tty"] : isTerminal;
  return { tty: isAsked, interactive: flags.interactive };
}

import type { ArgumentCount } from "../command.ts";
import type { FlagSpecs, FlagValues } from "../flags.ts";
import type { ComposeSession } from "./session.ts";

export interface VerbInvocation<F extends FlagSpecs> {
  readonly compose: ComposeSession;
  readonly args: readonly string[];
  readonly flags: FlagValues<F>;
  /** The flags on the command line, whatever their values. */
  readonly given: ReadonlySet<keyof F & string>;
}

/** One verb of `compose`: what it takes and what it does. */
export interface Verb<F extends FlagSpecs = FlagSpecs> {
  /** What follows the name in usage: "[OPTIONS] [SERVICE...]". */
  readonly usage: string;
  readonly flags: F;
  readonly arguments: ArgumentCount;
  /** False: flags end at the first argument. Default true. */
  readonly interspersed?: boolean;
  /** Why `--dry-run` means nothing here; absent: it is honoured, or there is nothing it would change. */
  readonly noDryRun?: string;
  /** @returns the exit code; nothing means 0 */
  // biome-ignore lint/suspicious/noConfusingVoidType: most verbs have nothing to return
  run(invocation: VerbInvocation<F>): Promise<number | void>;
}

/** Ties the type of `flags` to what `run` receives. */
export function defineVerb<F extends FlagSpecs>(verb: Verb<F>): Verb<F> {
  return verb;
}

import type { FlagSpecs, FlagValues } from "./flags.ts";
import type { CliHost } from "./host.ts";
import type { Session } from "./session.ts";

/** How many arguments a command takes. */
export interface ArgumentCount {
  readonly min: number;
  /** Absent: any number. */
  readonly max?: number;
}

export const NO_ARGUMENTS: ArgumentCount = { min: 0, max: 0 };
export const ANY_ARGUMENTS: ArgumentCount = { min: 0 };
export const ONE_ARGUMENT: ArgumentCount = { min: 1, max: 1 };
export const TWO_ARGUMENTS: ArgumentCount = { min: 2, max: 2 };
export const SOME_ARGUMENTS: ArgumentCount = { min: 1 };
export const AT_MOST_ONE_ARGUMENT: ArgumentCount = { min: 0, max: 1 };

export interface Invocation<F extends FlagSpecs> {
  readonly session: Session;
  readonly args: readonly string[];
  readonly flags: FlagValues<F>;
  /** The flags on the command line, whatever their values. */
  readonly given: ReadonlySet<keyof F & string>;
}

/** One verb: what it takes and what it does. */
export interface Command<F extends FlagSpecs = FlagSpecs> {
  /** What follows the name in usage: "[OPTIONS] CONTAINER [CONTAINER...]". */
  readonly usage: string;
  readonly flags: F;
  readonly arguments: ArgumentCount;
  /** False: flags end at the first argument. Default true. */
  readonly interspersed?: boolean;
  /** More than one sentence about it, for help; absent: the line of the command list. */
  readonly description?: string;
  /** What its arguments name, for completion. */
  readonly completes?: "containers" | "images" | "networks" | "volumes" | "plugins" | "contexts";
  /** Shows help of its own, where the command has verbs. @returns the exit code */
  readonly help?: (host: CliHost) => Promise<number>;
  /** @returns the exit code; nothing means 0 */
  // biome-ignore lint/suspicious/noConfusingVoidType: most commands have nothing to return
  run(invocation: Invocation<F>): Promise<number | void>;
}

/** Ties the type of `flags` to what `run` receives. */
export function defineCommand<F extends FlagSpecs>(command: Command<F>): Command<F> {
  return command;
}

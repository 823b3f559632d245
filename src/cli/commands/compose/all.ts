import type { Verb } from "../../compose/verb.ts";

/** A line of the table of verbs. Only the one that is called is loaded. */
export interface VerbEntry {
  readonly short: string;
  /** Found by name only. */
  readonly isHidden?: true;
  readonly load: () => Promise<{ readonly verb: AnyVerb }>;
}

// biome-ignore lint/suspicious/noExplicitAny: each verb types its own flags
export type AnyVerb = Verb<any>;

export const VERBS: Readonly<Record<string, VerbEntry>> = {
  version: { short: "Show the version", load: () => import("./version.ts") },
};

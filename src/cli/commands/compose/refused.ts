/** Verbs of other tools that this one does not have, each with its reason. */
import { CliError } from "../../errors.ts";

const REASONS: Readonly<Record<string, string>> = {
  alpha: "experimental commands of other tools are not taken over",
  bridge: "there are no transformations into other formats",
  build: "this version cannot build images; an image that is there already is used",
  watch: "following source files comes with building",
};

export const REFUSED_VERBS = Object.keys(REASONS);

/** @throws CliError for a verb that is known and not to be had */
export function refuseVerb(name: string): void {
  const reason = Object.hasOwn(REASONS, name) ? REASONS[name] : undefined;
  if (reason !== undefined) throw new CliError(`wharf compose ${name}: ${reason}`);
}

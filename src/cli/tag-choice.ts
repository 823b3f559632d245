import { parseReference, type Reference, withDefaultTag } from "#spec/reference.ts";
import { CliError } from "./errors.ts";
import type { Session } from "./session.ts";

/**
 * What `pull` and `push` mean by a name: all tags of a repository, the tag or digest that was said, or the default one,
 * of which the user is told.
 */
export async function chooseTag(
  session: Pick<Session, "print">,
  name: string,
  flags: { readonly "all-tags": boolean; readonly quiet: boolean },
): Promise<Reference> {
  const given = parseReference(name);
  if (flags["all-tags"] && (given.tag || given.digest))
    throw new CliError("tag can't be used with --all-tags/-a");
  if (flags["all-tags"]) return given;
  const reference = withDefaultTag(given);
  if (reference !== given && !flags.quiet) await session.print(`Using default tag: ${reference.tag}\n`);
  return reference;
}

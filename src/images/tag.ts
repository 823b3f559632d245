import { InvalidArgument } from "#base/errors.ts";
import { DEFAULT_TAG, parseReference, type Reference, withTag } from "#spec/reference.ts";

/**
 * What a tag request names, by Docker's rules.
 * @throws InvalidArgument for a digest, or a name that could not be told from one
 */
export function parseTagTarget(repo: string, tag: string): Reference {
  const reference = parseReference(repo);
  if (reference.digest) throw new InvalidArgument("refusing to create a tag with a digest reference");
  if (reference.path === "library/sha256" && reference.domain === "docker.io")
    throw new InvalidArgument("refusing to create an ambiguous tag using digest algorithm as name");
  return withTag(reference, tag || reference.tag || DEFAULT_TAG);
}

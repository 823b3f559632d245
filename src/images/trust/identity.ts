import {
  canonicalReference,
  parseReference,
  type Reference,
  repositoryName,
  withDefaultTag,
} from "#spec/reference.ts";
import type { Refusal } from "./gate.ts";
import type { SignedIdentity } from "./policy.ts";

/**
 * Pure: whether the name that was signed is a name the policy takes for this image.
 * @param signed "docker-reference" of the payload: with a tag, or as cosign writes it, the repository alone; undefined
 *   where a signature says no name
 * @returns undefined when it is
 */
export function identityMismatch(
  wanted: SignedIdentity,
  signed: string | undefined,
  reference: Reference | undefined,
): Refusal | undefined {
  if (wanted.type === "digestOnly") return undefined;
  if (!reference) return UNNAMED;
  if (signed === undefined) return NAMELESS;
  const own = parsed(signed);
  if (own && isMatch(wanted, own, reference)) return undefined;
  const hint =
    wanted.type === "matchRepoDigestOrExact" && own && isSameRepository(own, reference)
      ? {
          hint: 'cosign signs the repository\'s name only: say "signedIdentity": {"type": "matchRepository"}',
        }
      : {};
  return { reason: `it was signed under the name ${JSON.stringify(signed)} (${wanted.type})`, ...hint };
}

/** Who may write to a repository could show any image there that the key has ever signed, for another one too. */
const NAMELESS: Refusal = {
  reason: "its signature is a bundle, which is over the digest and says no name",
  hint: 'if the digest is enough say "signedIdentity": {"type": "digestOnly"}; cosign sign --new-bundle-format=false signs the name too',
};

/** Of an image in an archive. */
export const UNNAMED: Refusal = {
  reason: "a signature is for a name, and the archive gives it none",
  hint: "save it by its name",
};

function isMatch(
  wanted: Exclude<SignedIdentity, { type: "digestOnly" }>,
  signed: Reference,
  reference: Reference,
): boolean {
  switch (wanted.type) {
    case "matchRepository":
      return isSameRepository(signed, reference);
    case "matchExact":
      return isSame(signed, reference);
    case "matchRepoDigestOrExact":
      return reference.digest ? isSameRepository(signed, reference) : isSame(signed, reference);
    case "exactReference":
      return isSame(signed, parsed(wanted.dockerReference));
    case "exactRepository":
      return isSameRepository(signed, parsed(wanted.dockerRepository));
    case "remapIdentity":
      return isRemapped(wanted, signed, reference);
  }
}

/** The image is expected under another prefix than the one it is pulled from, as from a mirror. */
function isRemapped(
  { prefix, signedPrefix }: Extract<SignedIdentity, { type: "remapIdentity" }>,
  signed: Reference,
  reference: Reference,
): boolean {
  const name = repositoryName(reference);
  const isBelow = name === prefix || name.startsWith(`${prefix}/`);
  const expected = isBelow
    ? parsed(signedPrefix + canonicalReference(reference).slice(prefix.length))
    : reference;
  if (!expected) return false;
  return reference.digest ? isSameRepository(signed, expected) : isSame(signed, expected);
}

function isSame(signed: Reference, wanted: Reference | undefined): boolean {
  if (!wanted || (!signed.tag && !signed.digest)) return false;
  return canonicalReference(signed) === canonicalReference(withDefaultTag(wanted));
}

function isSameRepository(signed: Reference, wanted: Reference | undefined): boolean {
  return wanted !== undefined && repositoryName(signed) === repositoryName(wanted);
}

function parsed(text: string): Reference | undefined {
  try {
    return parseReference(text);
  } catch {
    return undefined;
  }
}

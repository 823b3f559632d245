import { DEFAULT_TAG, type Reference, repositoryName } from "#spec/reference.ts";
import type { ArchiveTransport, Requirement, TrustPolicy } from "./policy.ts";

export interface Rule {
  /** How the policy names it. */
  readonly scope: string;
  readonly requirements: readonly Requirement[];
}

/** Pure: the requirements of the most specific scope that covers an image. */
export function ruleFor(policy: TrustPolicy, reference: Reference): Rule {
  for (const scope of scopesOf(reference))
    if (Object.hasOwn(policy.scopes, scope))
      return {
        scope: scope === "" ? "all registries" : JSON.stringify(scope),
        requirements: policy.scopes[scope]!,
      };
  return { scope: "the default", requirements: policy.default };
}

/** Pure: what is asked of an image that comes in an archive, under a name or without one. */
export function archiveRuleFor(
  policy: TrustPolicy,
  transport: ArchiveTransport,
  reference: Reference | undefined,
): Rule {
  const own = policy.archives[transport];
  if (own) return { scope: `everything from a ${transport}`, requirements: own };
  return reference ? ruleFor(policy, reference) : { scope: "the default", requirements: policy.default };
}

/**
 * Scopes that cover an image, most specific first: the tag or digest, the repository, its namespaces, the host, the
 * host's domains ("*.example.com"), everything.
 */
function* scopesOf(reference: Reference): Generator<string> {
  const name = repositoryName(reference);
  yield reference.digest ? `${name}@${reference.digest}` : `${name}:${reference.tag ?? DEFAULT_TAG}`;
  yield name;
  for (let at = name.lastIndexOf("/"); at > 0; at = name.lastIndexOf("/", at - 1)) yield name.slice(0, at);
  const host = reference.domain.replace(/:\d+$/, "");
  for (let at = host.indexOf("."); at >= 0; at = host.indexOf(".", at + 1)) yield `*${host.slice(at)}`;
  yield "";
}

import { EngineError, messageOf, PermissionDenied } from "#base/errors.ts";
import { familiarReference } from "#spec/reference.ts";
import { cosignRefusal } from "./cosign.ts";
import { UNNAMED } from "./identity.ts";
import { notationRefusal } from "./notation.ts";
import type { Requirement, TrustPolicy } from "./policy.ts";
import { archiveRuleFor, type Rule, ruleFor } from "./scope.ts";
import type { ArchiveAdmission, SignedImage, TrustGate } from "./types.ts";

export interface TrustGateDeps {
  /** Asked anew for each image; undefined lets everything in. */
  readonly policy: () => TrustPolicy | undefined;
  /** Milliseconds since 1970. */
  readonly nowMs: () => number;
}

/** Why an image was not let in. */
export interface Refusal {
  readonly reason: string;
  readonly hint?: string;
}

export function createTrustGate({ policy, nowMs }: TrustGateDeps): TrustGate {
  return {
    checkName(reference) {
      const current = policy();
      if (!current) return;
      const rule = ruleFor(current, reference);
      const index = rule.requirements.findIndex(({ type }) => type === "reject");
      if (index >= 0) throw refused(`pull of ${familiarReference(reference)}`, rule, index, REJECTED);
    },
    async admit(admission) {
      const current = policy();
      if (!current) return;
      const rule = ruleFor(current, admission.reference);
      for (const [index, requirement] of rule.requirements.entries()) {
        const refusal = await refusalOf(requirement, admission, nowMs());
        const what = `pull of ${familiarReference(admission.reference)} (${admission.target.digest})`;
        if (refusal) throw refused(what, rule, index, refusal);
      }
    },
    async admitArchived(admission) {
      const current = policy();
      if (!current) return;
      const rule = archiveRuleFor(current, admission.transport, admission.reference);
      for (const [index, requirement] of rule.requirements.entries()) {
        const refusal = await archiveRefusalOf(requirement, admission, nowMs());
        if (refusal) throw refused(nameOf(admission), rule, index, refusal);
      }
    },
  };
}

const REJECTED: Refusal = { reason: "images from there are not allowed" };

function refused(
  what: string,
  { scope, requirements }: Rule,
  index: number,
  { reason, hint }: Refusal,
): PermissionDenied {
  const rule = `requirement ${index + 1} of ${requirements.length} (${requirements[index]!.type}) for ${scope}`;
  return new PermissionDenied(
    `${what} refused by the trust policy: ${rule}: ${reason}`,
    hint === undefined ? {} : { hint },
  );
}

/** @returns undefined when the requirement is met */
async function refusalOf(
  requirement: Requirement,
  admission: SignedImage,
  nowMs: number,
): Promise<Refusal | undefined> {
  switch (requirement.type) {
    case "insecureAcceptAnything":
      return undefined;
    case "reject":
      return REJECTED;
    case "sigstoreSigned":
      return await orUnreadable(() => cosignRefusal(requirement, admission));
    case "notationSigned":
      return await orUnreadable(() => notationRefusal(requirement, admission, nowMs));
  }
}

function nameOf({ transport, reference, signed }: ArchiveAdmission): string {
  const verb = transport === "tarball" ? "import" : "load";
  const name = reference ? familiarReference(reference) : "an image without a name";
  return `${verb} of ${name}${signed ? ` (${signed.target.digest})` : ""}`;
}

async function archiveRefusalOf(
  requirement: Requirement,
  { reference, signed, signal }: ArchiveAdmission,
  nowMs: number,
): Promise<Refusal | undefined> {
  if (requirement.type === "reject" || requirement.type === "insecureAcceptAnything")
    return requirement.type === "reject" ? REJECTED : undefined;
  if (!signed)
    return { reason: "a root file system cannot be signed", hint: "pull a signed image from a registry" };
  if (!reference && requirement.type !== "sigstoreSigned") return UNNAMED;
  return await refusalOf(requirement, { reference, ...signed, ...(signal ? { signal } : {}) }, nowMs);
}

/** Signatures that cannot be fetched or read are none: only what the registry refuses or never answers is passed on. */
async function orUnreadable(verify: () => Promise<Refusal | undefined>): Promise<Refusal | undefined> {
  try {
    return await verify();
  } catch (error) {
    if (error instanceof EngineError && error.kind !== "invalidArgument" && error.kind !== "notFound")
      throw error;
    return { reason: `its signatures cannot be read: ${messageOf(error)}` };
  }
}

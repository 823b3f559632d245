import { EngineError, messageOf, PermissionDenied } from "#base/errors.ts";
import { familiarReference } from "#spec/reference.ts";
import { cosignRefusal } from "./cosign.ts";
import { notationRefusal } from "./notation.ts";
import type { Requirement, TrustPolicy } from "./policy.ts";
import { type Rule, ruleFor } from "./scope.ts";
import type { Admission, TrustGate } from "./types.ts";

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
      if (index >= 0) throw refused(familiarReference(reference), rule, index, REJECTED);
    },
    async admit(admission) {
      const current = policy();
      if (!current) return;
      const rule = ruleFor(current, admission.reference);
      for (const [index, requirement] of rule.requirements.entries()) {
        const refusal = await refusalOf(requirement, admission, nowMs());
        const what = `${familiarReference(admission.reference)} (${admission.target.digest})`;
        if (refusal) throw refused(what, rule, index, refusal);
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
    `pull of ${what} refused by the trust policy: ${rule}: ${reason}`,
    hint === undefined ? {} : { hint },
  );
}

/** @returns undefined when the requirement is met */
async function refusalOf(
  requirement: Requirement,
  admission: Admission,
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

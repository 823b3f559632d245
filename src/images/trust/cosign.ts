import { isDigest } from "#base/digest.ts";
import { messageOf } from "#base/errors.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import { artifactsAbout, MAX_SIGNATURES, manifestAt, payloadOf } from "./artifacts.ts";
import { BUNDLE_TYPE, bundleClaim } from "./bundle.ts";
import type { Refusal } from "./gate.ts";
import { identityMismatch } from "./identity.ts";
import { type Claim, isSignedByOne, notSignedBy } from "./keys.ts";
import type { Requirement, TrustedKey } from "./policy.ts";
import type { SignedImage } from "./types.ts";

const PAYLOAD_TYPE = "application/vnd.dev.cosign.simplesigning.v1+json";
const ARTIFACT_TYPES: readonly string[] = ["application/vnd.dev.cosign.artifact.sig.v1+json", BUNDLE_TYPE];
const SIGNATURE = "dev.cosignproject.cosign/signature";
/** What it says a signature is about, in the payload of simple signing. */
const SIGNATURE_TYPE = "cosign container image signature";

type SigstoreSigned = Extract<Requirement, { type: "sigstoreSigned" }>;

/**
 * Whether one of the keys has signed the image as cosign does: a payload with the digest and the name, in a manifest
 * tagged `sha256-DIGEST.sig` or that refers to the image, or, as cosign does since version 3, a bundle that refers to it.
 * @returns undefined when it has, else why not
 * @see https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md
 */
export async function cosignRefusal(
  requirement: SigstoreSigned,
  admission: SignedImage,
): Promise<Refusal | undefined> {
  const layers = await signaturesOf(admission);
  if (layers.length === 0)
    return { reason: "it has no cosign signature", hint: `sign it with "cosign sign --key KEY"` };
  const refusals: Refusal[] = [];
  for (const layer of layers.slice(0, MAX_SIGNATURES)) {
    const refusal = await signatureRefusal(layer, requirement, admission);
    if (!refusal) return undefined;
    refusals.push(refusal);
  }
  const reasons = [...new Set(refusals.map(({ reason }) => reason))];
  const hint = refusals.find((one) => one.hint)?.hint;
  return { reason: reasons.join("; "), ...(hint === undefined ? {} : { hint }) };
}

async function signaturesOf({ target, source, signal }: SignedImage): Promise<Descriptor[]> {
  const tagged = await manifestAt(source, `${target.digest.replace(":", "-")}.sig`, signal);
  const referring = await artifactsAbout(source, target.digest, ARTIFACT_TYPES, signal);
  return [tagged, ...referring]
    .flatMap((manifest) => manifest?.layers ?? [])
    .filter(({ mediaType }) => mediaType === PAYLOAD_TYPE || mediaType === BUNDLE_TYPE);
}

async function signatureRefusal(
  layer: Descriptor,
  { keys, signedIdentity }: SigstoreSigned,
  { reference, target, source, signal }: SignedImage,
): Promise<Refusal | undefined> {
  const payload = await payloadOf(source, layer, signal);
  const claim =
    layer.mediaType === BUNDLE_TYPE ? bundleClaim(payload, keys) : signedClaim(layer, payload, keys);
  if (typeof claim === "string") return { reason: claim };
  if (claim.digest !== target.digest) return { reason: `a signature is for ${claim.digest}, another image` };
  return identityMismatch(signedIdentity, claim.name, reference);
}

function signedClaim(
  { annotations }: Descriptor,
  payload: Uint8Array,
  keys: readonly TrustedKey[],
): Claim | string {
  const signature = Buffer.from(annotations?.[SIGNATURE] ?? "", "base64");
  return isSignedByOne(keys, payload, signature) ? readClaim(payload) : notSignedBy(keys);
}

/** @returns what was signed, or what is wrong with it */
export function readClaim(payload: Uint8Array): Claim | string {
  try {
    const { critical } = JSON.parse(Buffer.from(payload).toString("utf8"));
    const digest: unknown = critical.image["docker-manifest-digest"];
    const name: unknown = critical.identity["docker-reference"];
    if (critical.type !== SIGNATURE_TYPE)
      return `a signature is of the type ${JSON.stringify(critical.type)}`;
    if (typeof digest !== "string" || !isDigest(digest) || typeof name !== "string")
      return "a signed payload does not say what it is about";
    return { digest, name };
  } catch (error) {
    return `a signed payload cannot be read: ${messageOf(error)}`;
  }
}

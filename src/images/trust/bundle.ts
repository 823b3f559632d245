import { isDigest } from "#base/digest.ts";
import { messageOf } from "#base/errors.ts";
import { type Claim, isSignedByOne, notSignedBy } from "./keys.ts";
import type { TrustedKey } from "./policy.ts";

/** A signature with what is needed to verify it, in one JSON file. */
export const BUNDLE_TYPE = "application/vnd.dev.sigstore.bundle.v0.3+json";
const STATEMENT_TYPE = "application/vnd.in-toto+json";
/** What `cosign sign` states. Other statements by the same key, of contents or origin, do not say that it may run. */
const SIGNED = "https://sigstore.dev/cosign/sign/v1";
/** More signatures of one statement are not looked at. */
const MAX_SIGNATURES = 8;

/**
 * What a bundle says, when one of the keys has signed it: a statement about a digest, in the envelope DSSE. Its
 * certificates and entries in logs are not looked at: it is the key that is trusted.
 * @returns the claim, or why it is none
 * @see https://github.com/sigstore/protobuf-specs/blob/main/protos/sigstore_bundle.proto
 * @see https://github.com/secure-systems-lab/dsse/blob/master/protocol.md
 */
export function bundleClaim(bytes: Uint8Array, keys: readonly TrustedKey[]): Claim | string {
  try {
    const { mediaType, dsseEnvelope } = JSON.parse(Buffer.from(bytes).toString("utf8"));
    if (mediaType !== BUNDLE_TYPE) return `a bundle is of the type ${JSON.stringify(mediaType)}`;
    if (typeof dsseEnvelope !== "object" || dsseEnvelope === null) return "a bundle has no signed statement";
    const { payload, payloadType, signatures } = dsseEnvelope;
    if (typeof payload !== "string" || !Array.isArray(signatures)) return "a bundle has no signed statement";
    if (payloadType !== STATEMENT_TYPE) return `a bundle is over ${JSON.stringify(payloadType)}`;
    const statement = Buffer.from(payload, "base64");
    const signed = preAuthenticated(payloadType, statement);
    const isSigned = signatures
      .slice(0, MAX_SIGNATURES)
      .some((one) => isSignedByOne(keys, signed, Buffer.from(String(one?.sig ?? ""), "base64")));
    return isSigned ? statementClaim(statement) : notSignedBy(keys);
  } catch (error) {
    return `a bundle cannot be read: ${messageOf(error)}`;
  }
}

/** DSSE's pre-authentication encoding: the type is signed along with the text. */
function preAuthenticated(type: string, statement: Uint8Array): Uint8Array {
  const head = `DSSEv1 ${Buffer.byteLength(type)} ${type} ${statement.byteLength} `;
  return Buffer.concat([Buffer.from(head), statement]);
}

function statementClaim(statement: Buffer): Claim | string {
  const { predicateType, subject } = JSON.parse(statement.toString("utf8"));
  if (predicateType !== SIGNED) return `a statement is of the kind ${JSON.stringify(predicateType)}`;
  const [one] = Array.isArray(subject) ? subject : [];
  const [algorithm, hex] = Object.entries(one?.digest ?? {})[0] ?? [];
  const digest = `${algorithm}:${hex}`;
  if (subject?.length !== 1 || !isDigest(digest)) return "a statement does not say which image it is about";
  return { digest };
}

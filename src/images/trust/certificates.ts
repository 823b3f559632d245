import { X509Certificate } from "node:crypto";
import type { TrustedCertificate } from "./policy.ts";

const MAX_CHAIN = 10;
const CODE_SIGNING = "1.3.6.1.5.5.7.3.3";

/** @param chain DER, the signer's first @throws Error when one is no certificate */
export function readChain(chain: readonly Buffer[]): X509Certificate[] {
  if (chain.length > MAX_CHAIN) throw new Error(`a chain of ${chain.length} certificates`);
  return chain.map((der) => new X509Certificate(der));
}

export interface ChainRules {
  readonly trustStore: readonly TrustedCertificate[];
  readonly trustedIdentities: readonly string[];
  readonly nowMs: number;
}

/**
 * Why a chain is not to be trusted: it must lead from a signer we know by name, each certificate issued by the next one
 * and valid now, to one of ours. @returns undefined when it does
 */
export function chainRefusal(chain: readonly X509Certificate[], rules: ChainRules): string | undefined {
  const [leaf] = chain as [X509Certificate, ...X509Certificate[]];
  const trusted = rules.trustStore.map(({ pem }) => new X509Certificate(pem));
  const end = chain.findIndex((one) => trusted.some((own) => own.fingerprint256 === one.fingerprint256));
  const path = end < 0 ? chain : chain.slice(0, end + 1);
  for (const [index, certificate] of path.entries()) {
    if (!isValidAt(certificate, rules.nowMs))
      return `the certificate ${nameOf(certificate)} is valid from ${certificate.validFrom} to ${certificate.validTo} only`;
    const issuer = path[index + 1];
    if (issuer && !isIssuedBy(certificate, issuer))
      return `the certificate ${nameOf(certificate)} was not issued by ${nameOf(issuer)}`;
  }
  const root = path.at(-1)!;
  if (end < 0 && !trusted.some((own) => isValidAt(own, rules.nowMs) && isIssuedBy(root, own)))
    return `the certificate of the signer, ${nameOf(leaf)}, does not lead to one in the trust store`;
  const uses = leaf.keyUsage; // the extended key usage, as Node names it
  if (uses && uses.length > 0 && !uses.includes(CODE_SIGNING))
    return `the certificate ${nameOf(leaf)} is not for signing code`;
  if (!rules.trustedIdentities.some((identity) => isIdentity(leaf, identity)))
    return `the signer ${nameOf(leaf)} is none of the trusted identities`;
  return undefined;
}

function isValidAt({ validFrom, validTo }: X509Certificate, nowMs: number): boolean {
  return Date.parse(validFrom) <= nowMs && nowMs <= Date.parse(validTo);
}

function isIssuedBy(certificate: X509Certificate, issuer: X509Certificate): boolean {
  return issuer.ca && certificate.checkIssued(issuer) && certificate.verify(issuer.publicKey);
}

/** Whether all parts of "x509.subject: C=…, O=…" are in the subject; it may have more. */
function isIdentity(certificate: X509Certificate, identity: string): boolean {
  if (identity === "*") return true;
  const own = subjectParts(certificate.subject, /\n/);
  const wanted = subjectParts(identity.replace(/^x509\.subject:/, ""), /(?<!\\),/);
  return wanted.length > 0 && wanted.every((part) => own.includes(part));
}

/** "C = US" and "C=US" are the same. */
function subjectParts(text: string, separator: RegExp): string[] {
  return text
    .split(separator)
    .map((part) => part.trim().replace(/\s*=\s*/, "="))
    .filter((part) => part !== "");
}

function nameOf({ subject }: X509Certificate): string {
  return JSON.stringify(subjectParts(subject, /\n/).join(", "));
}

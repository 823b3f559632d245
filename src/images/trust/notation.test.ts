import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { envelopeRefusal } from "./notation.ts";

const FIXTURES = join(import.meta.dir, "../../../test/fixtures/notation");
const DIGEST = "sha256:73c803930ea3ba1e54bc25c2bdc53edd0284c62ed651fe7b00369da519a3c333";
const FORMATS = [
  { name: "rsa.jws", mediaType: "application/jose+json", authority: "ca.pem" },
  { name: "ec.jws", mediaType: "application/jose+json", authority: "ca.pem" },
  { name: "rsa.cose", mediaType: "application/cose", authority: "cose-ca.pem" },
  { name: "p256.cose", mediaType: "application/cose", authority: "cose-ca.pem" },
  { name: "p384.cose", mediaType: "application/cose", authority: "cose-ca.pem" },
  { name: "p521.cose", mediaType: "application/cose", authority: "cose-ca.pem" },
];

test.each(FORMATS)(
  "envelopeRefusal() accepts what notation's own library signed ($name)",
  ({ name, mediaType, authority }) => {
    const pem = readFileSync(join(FIXTURES, authority), "utf8");
    const nowMs = Date.parse(new X509Certificate(pem).validFrom) + 2 * 60 * 60 * 1000;
    const trust = (identity: string) => ({
      trustStore: [{ path: authority, pem }],
      trustedIdentities: [identity],
    });
    const bytes = readFileSync(join(FIXTURES, name));
    const facts = { mediaType, target: DIGEST, nowMs };
    expect(envelopeRefusal(bytes, trust("x509.subject: C=US, ST=WA, O=acme"), facts)).toBeUndefined();
    expect(envelopeRefusal(bytes, trust("x509.subject: C=US, O=other"), facts)).toContain(
      "none of the trusted",
    );
    expect(envelopeRefusal(bytes, trust("*"), { ...facts, target: "sha256:0" })).toContain("another image");
    const later = { ...facts, nowMs: nowMs + 200 * 3600_000 };
    expect(envelopeRefusal(bytes, trust("*"), later)).toContain("has expired");
    for (const damaged of damagedCopies(bytes))
      expect(envelopeRefusal(damaged, trust("*"), facts)).toBeString();
  },
);

/** Every byte changed once, but for those of no meaning: spaces, and what comes after the signature of a JSON text. */
function* damagedCopies(bytes: Buffer): Generator<Buffer> {
  if (bytes[0] === "{".charCodeAt(0)) {
    const envelope = JSON.parse(bytes.toString());
    const signature = Buffer.from(envelope.signature, "base64url");
    signature[0]! ^= 1;
    yield Buffer.from(JSON.stringify({ ...envelope, signature: signature.toString("base64url") }));
    return;
  }
  const unsigned = bytes.indexOf("io.cncf.notary.signingAgent");
  const last = bytes.indexOf('{"targetArtifact"');
  for (let at = 0; at < bytes.byteLength; at += 7) {
    if (unsigned >= 0 && at >= unsigned && at < last) continue; // the agent's name is not signed
    const copy = Buffer.from(bytes);
    copy[at]! ^= 1;
    yield copy;
  }
}

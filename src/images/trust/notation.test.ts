import { expect, test } from "bun:test";
import { X509Certificate } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { envelopeRefusal } from "./notation.ts";

const FIXTURES = join(import.meta.dir, "../../../test/fixtures/notation");
const DIGEST = "sha256:73c803930ea3ba1e54bc25c2bdc53edd0284c62ed651fe7b00369da519a3c333";
const pem = readFileSync(join(FIXTURES, "ca.pem"), "utf8");
const NOW = Date.parse(new X509Certificate(pem).validFrom) + 2 * 60 * 60 * 1000;
const trust = (identity: string) => ({
  trustStore: [{ path: "ca.pem", pem }],
  trustedIdentities: [identity],
});

test.each(["rsa", "ec"])("envelopeRefusal() accepts what notation's own library signed (%s)", (name) => {
  const bytes = readFileSync(join(FIXTURES, `${name}.jws`));
  const facts = { target: DIGEST, nowMs: NOW };
  expect(envelopeRefusal(bytes, trust("x509.subject: C=US, ST=WA, O=acme"), facts)).toBeUndefined();
  expect(envelopeRefusal(bytes, trust("x509.subject: C=US, O=other"), facts)).toContain(
    "none of the trusted",
  );
  expect(envelopeRefusal(bytes, trust("*"), { ...facts, target: "sha256:0" })).toContain("another image");
  expect(envelopeRefusal(bytes, trust("*"), { ...facts, nowMs: NOW + 200 * 3600_000 })).toContain(
    "has expired",
  );
  const envelope = JSON.parse(bytes.toString());
  const signature = Buffer.from(envelope.signature, "base64url");
  signature[0]! ^= 1;
  const damaged = Buffer.from(JSON.stringify({ ...envelope, signature: signature.toString("base64url") }));
  expect(envelopeRefusal(damaged, trust("*"), facts)).toContain("does not fit its certificate");
});

import { describe, expect, test } from "bun:test";
import { generateKeyPairSync } from "node:crypto";
import { certificate, pemOf } from "./_certificate.ts";
import { type CoseSignature, cborInt, cborText, cborTime, coseEnvelope } from "./_cose.ts";
import { signingKey } from "./_signing.ts";
import { envelopeRefusal } from "./notation.ts";

const ROOT = signingKey();
const CA: readonly [string, string] = ["root", "acme"];
const keys = { issuer: CA, issuerKey: ROOT.privateKey };
const ca = pemOf(certificate({ ...keys, subject: CA, key: ROOT.privateKey, isCa: true }));
const DIGEST = `sha256:${"0".repeat(64)}`;
const EXPIRY = "io.cncf.notary.expiry";

const KEYS = {
  ES256: generateKeyPairSync("ec", { namedCurve: "P-256" }).privateKey,
  ES384: generateKeyPairSync("ec", { namedCurve: "P-384" }).privateKey,
  ES512: generateKeyPairSync("ec", { namedCurve: "P-521" }).privateKey,
  PS256: generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey,
};
type Name = keyof typeof KEYS;
const NAMES = Object.keys(KEYS) as Name[];
const chainOf = (name: Name) => [
  certificate({ ...keys, subject: ["signer", "acme"], key: KEYS[name] }).toString("base64"),
];

const refusal = (bytes: Uint8Array) =>
  envelopeRefusal(
    bytes,
    { trustStore: [{ path: "ca.pem", pem: ca }], trustedIdentities: ["*"] },
    { mediaType: "application/cose", target: DIGEST, nowMs: Date.parse("2026-01-01T00:00:00Z") },
  );
const signed = (header: CoseSignature["header"] = {}, name: Name = "ES256") =>
  coseEnvelope({ digest: DIGEST, key: KEYS[name], chain: chainOf(name), header });

describe("a notation signature in the format COSE", () => {
  test.each(NAMES)("counts when it was made with %s", (name) => {
    expect(refusal(signed({}, name))).toBeUndefined();
  });

  test.each(NAMES)("does not count with the certificate of another key than its own of %s", (name) => {
    const other = NAMES[(NAMES.indexOf(name) + 1) % NAMES.length]!;
    const bytes = coseEnvelope({ digest: DIGEST, key: KEYS[name], chain: chainOf(other) });
    expect(refusal(bytes)).toContain("does not fit its certificate");
  });

  test("counts until it expires", () => {
    const until = (iso: string) =>
      refusal(
        signed({ crit: [cborText(EXPIRY)], more: [[cborText(EXPIRY), cborTime(Date.parse(iso) / 1000)]] }),
      );
    expect(until("2030-01-01T00:00:00Z")).toBeUndefined();
    expect(until("2025-12-31T00:00:00Z")).toContain("has expired on 2025-12-31");
  });

  test.each([
    { what: "a critical header by number", header: { crit: [cborInt(4)] }, reason: "not understood: 4" },
    { what: "a critical header by name", header: { crit: [cborText("x")] }, reason: "not understood: x" },
    {
      what: "a time that is none",
      header: { more: [[cborText(EXPIRY), cborText("2030")]] as const },
      reason: "is no time",
    },
    {
      what: "a header twice",
      header: { more: [[cborInt(1), cborInt(-7)]] as const },
      reason: "the key 1 twice",
    },
  ])("does not count with $what", ({ header, reason }) => {
    expect(refusal(signed(header))).toContain(reason);
  });

  test("takes no algorithm from a name that only looks like the header", () => {
    expect(refusal(signed({ more: [[cborText("alg"), cborText("none")]] }))).toBeUndefined();
  });

  test("is refused when it is no message with one signature", () => {
    const bytes = Buffer.from(signed());
    expect(refusal(bytes.subarray(1))).toContain("no message with one signature");
    expect(refusal(bytes.subarray(0, -1))).toContain("ends too early");
    expect(refusal(Buffer.concat([bytes, Buffer.of(0)]))).toContain("1 bytes too many");
    expect(refusal(Buffer.of(0xd2, 0x9f, 0xff))).toContain("a length that is not said at once");
    expect(refusal(Buffer.of(0xd2, 0x9b, ...Buffer.alloc(8, 1)))).toContain("too large");
    expect(refusal(Buffer.of(0xd2, 0x9a, 0xff, 0xff, 0xff, 0xff))).toContain("it ends within a list");
    expect(refusal(Buffer.alloc(1000, 0xd2))).toContain("too many things within each other");
  });
});

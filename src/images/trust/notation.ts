import { constants, type KeyObject, verify, type X509Certificate } from "node:crypto";
import { messageOf } from "#base/errors.ts";
import { artifactsAbout, MAX_SIGNATURES, payloadOf } from "./artifacts.ts";
import { chainRefusal, readChain } from "./certificates.ts";
import type { Refusal } from "./gate.ts";
import type { Requirement } from "./policy.ts";
import type { Admission } from "./types.ts";

const ARTIFACT_TYPE = "application/vnd.cncf.notary.signature";
const JWS_TYPE = "application/jose+json";
const PAYLOAD_TYPE = "application/vnd.cncf.notary.payload.v1+json";
const SCHEME = "io.cncf.notary.signingScheme";
const SIGNING_TIME = "io.cncf.notary.signingTime";
const EXPIRY = "io.cncf.notary.expiry";
/** What a signer may call critical and we act on; anything else critical must make us refuse (RFC 7515, 4.1.11). */
const UNDERSTOOD: ReadonlySet<unknown> = new Set([SCHEME, SIGNING_TIME, EXPIRY]);

type NotationSigned = Extract<Requirement, { type: "notationSigned" }>;

/**
 * Whether somebody trusted has signed the image with notation: a JSON web signature over the image's descriptor, with
 * the chain of certificates in its header. Revocation is not looked up.
 * @returns undefined when one has, else why not
 * @see https://github.com/notaryproject/specifications/blob/main/specs/signature-envelope-jws.md
 */
export async function notationRefusal(
  requirement: NotationSigned,
  admission: Admission,
  nowMs: number,
): Promise<Refusal | undefined> {
  const { target, source, signal } = admission;
  const artifacts = await artifactsAbout(source, target.digest, ARTIFACT_TYPE, signal);
  const layers = artifacts.flatMap((manifest) => manifest.layers).slice(0, MAX_SIGNATURES);
  if (layers.length === 0)
    return { reason: "it has no notation signature", hint: 'sign it with "notation sign"' };
  const reasons = new Set<string>();
  for (const layer of layers) {
    const reason =
      layer.mediaType === JWS_TYPE
        ? envelopeRefusal(await payloadOf(source, layer, signal), requirement, {
            target: target.digest,
            nowMs,
          })
        : `a signature is in the format ${layer.mediaType}, only ${JWS_TYPE} is read`;
    if (reason === undefined) return undefined;
    reasons.add(reason);
  }
  return { reason: [...reasons].join("; ") };
}

/** Pure but for cryptography: why one envelope does not vouch for the image. */
export function envelopeRefusal(
  bytes: Uint8Array,
  { trustStore, trustedIdentities }: Pick<NotationSigned, "trustStore" | "trustedIdentities">,
  { target, nowMs }: { readonly target: string; readonly nowMs: number },
): string | undefined {
  try {
    const envelope = readEnvelope(bytes);
    const chain = readChain(envelope.chain);
    const [leaf] = chain;
    if (!leaf) return "a signature comes without certificates";
    if (!isSignedBy(leaf, envelope)) return "a signature does not fit its certificate";
    return (
      headerRefusal(envelope.header, nowMs) ??
      chainRefusal(chain, { trustStore, trustedIdentities, nowMs }) ??
      payloadRefusal(envelope.payload, target)
    );
  } catch (error) {
    return `a signature cannot be read: ${messageOf(error)}`;
  }
}

interface Envelope {
  readonly header: Record<string, unknown>;
  readonly payload: Buffer;
  /** DER, the signer's first. */
  readonly chain: readonly Buffer[];
  readonly signed: Buffer;
  readonly signature: Buffer;
}

function readEnvelope(bytes: Uint8Array): Envelope {
  const { payload, protected: head, header, signature } = JSON.parse(Buffer.from(bytes).toString("utf8"));
  for (const text of [payload, head, signature])
    if (typeof text !== "string") throw new Error("a part is missing");
  const chain: unknown = header?.x5c ?? [];
  if (!Array.isArray(chain) || !chain.every((one) => typeof one === "string"))
    throw new Error("x5c is no list of certificates");
  return {
    header: JSON.parse(Buffer.from(head, "base64url").toString("utf8")),
    payload: Buffer.from(payload, "base64url"),
    chain: chain.map((one: string) => Buffer.from(one, "base64")),
    signed: Buffer.from(`${head}.${payload}`, "ascii"),
    signature: Buffer.from(signature, "base64url"),
  };
}

interface Algorithm {
  readonly hash: string;
  /** The one kind of key it may be used with, so that a signer cannot choose a weaker one. */
  readonly fits: (key: KeyObject) => boolean;
  readonly options: object;
}

const pss = (hash: string, bits: number): Algorithm => ({
  hash,
  fits: ({ asymmetricKeyType: type, asymmetricKeyDetails: details }) =>
    (type === "rsa" || type === "rsa-pss") && details?.modulusLength === bits,
  options: { padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST },
});
const ecdsa = (hash: string, curves: readonly string[]): Algorithm => ({
  hash,
  fits: ({ asymmetricKeyType: type, asymmetricKeyDetails: details }) =>
    type === "ec" && curves.includes(details?.namedCurve ?? ""),
  options: { dsaEncoding: "ieee-p1363" },
});
/** @see https://github.com/notaryproject/specifications/blob/main/specs/signature-specification.md#algorithm-selection */
const ALGORITHMS: Readonly<Record<string, Algorithm>> = {
  PS256: pss("sha256", 2048),
  PS384: pss("sha384", 3072),
  PS512: pss("sha512", 4096),
  ES256: ecdsa("sha256", ["prime256v1", "P-256"]),
  ES384: ecdsa("sha384", ["secp384r1", "P-384"]),
  ES512: ecdsa("sha512", ["secp521r1", "P-521"]),
};

function isSignedBy({ publicKey }: X509Certificate, { header, signed, signature }: Envelope): boolean {
  const algorithm = Object.hasOwn(ALGORITHMS, String(header.alg))
    ? ALGORITHMS[String(header.alg)]
    : undefined;
  if (!algorithm?.fits(publicKey)) return false;
  return verify(algorithm.hash, signed, { key: publicKey, ...algorithm.options }, signature);
}

function headerRefusal(header: Record<string, unknown>, nowMs: number): string | undefined {
  if (header.cty !== PAYLOAD_TYPE) return `a signature is over ${JSON.stringify(header.cty)}`;
  const critical = Array.isArray(header.crit) ? header.crit : [];
  const unknown = critical.find((name) => !UNDERSTOOD.has(name));
  if (unknown !== undefined) return `a signature has a critical header that is not understood: ${unknown}`;
  if (header[SCHEME] !== "notary.x509")
    return `a signature is of the scheme ${JSON.stringify(header[SCHEME])}`;
  const expiry = header[EXPIRY];
  if (expiry === undefined) return undefined;
  const untilMs = Date.parse(String(expiry));
  return untilMs > nowMs ? undefined : `a signature has expired on ${expiry}`;
}

function payloadRefusal(payload: Buffer, target: string): string | undefined {
  const signed: unknown = JSON.parse(payload.toString("utf8"))?.targetArtifact?.digest;
  return signed === target ? undefined : `a signature is for ${JSON.stringify(signed)}, another image`;
}

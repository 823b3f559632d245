import { messageOf } from "#base/errors.ts";
import { artifactsAbout, MAX_SIGNATURES, payloadOf } from "./artifacts.ts";
import { chainRefusal, readChain } from "./certificates.ts";
import { readCose } from "./cose.ts";
import { type Envelope, EXPIRY, isSignedBy, SCHEME, SIGNING_TIME } from "./envelope.ts";
import type { Refusal } from "./gate.ts";
import { readJws } from "./jws.ts";
import type { Requirement } from "./policy.ts";
import type { SignedImage } from "./types.ts";

const ARTIFACT_TYPE = "application/vnd.cncf.notary.signature";
/** How envelopes are read, by their media types. */
const READERS: ReadonlyMap<string, (bytes: Uint8Array) => Envelope> = new Map([
  ["application/jose+json", readJws],
  ["application/cose", readCose],
]);
const PAYLOAD_TYPE = "application/vnd.cncf.notary.payload.v1+json";
/**
 * What a signer may call critical and we act on; anything else critical must make us refuse (RFC 7515, 4.1.11; RFC 9052,
 * 3.1).
 */
const UNDERSTOOD: ReadonlySet<unknown> = new Set(["alg", "cty", SCHEME, SIGNING_TIME, EXPIRY]);

type NotationSigned = Extract<Requirement, { type: "notationSigned" }>;

/**
 * Whether somebody trusted has signed the image with notation: a signature over the image's descriptor, as JSON or COSE,
 * with the chain of certificates in its header. Revocation is not looked up.
 * @returns undefined when one has, else why not
 * @see https://github.com/notaryproject/specifications/blob/main/specs/signature-specification.md
 */
export async function notationRefusal(
  requirement: NotationSigned,
  admission: SignedImage,
  nowMs: number,
): Promise<Refusal | undefined> {
  const { target, source, signal } = admission;
  const artifacts = await artifactsAbout(source, target.digest, [ARTIFACT_TYPE], signal);
  const layers = artifacts.flatMap((manifest) => manifest.layers).slice(0, MAX_SIGNATURES);
  if (layers.length === 0)
    return { reason: "it has no notation signature", hint: 'sign it with "notation sign"' };
  const reasons = new Set<string>();
  for (const layer of layers) {
    const { mediaType } = layer;
    const reason = READERS.has(mediaType)
      ? envelopeRefusal(await payloadOf(source, layer, signal), requirement, {
          mediaType,
          target: target.digest,
          nowMs,
        })
      : unreadable(mediaType);
    if (reason === undefined) return undefined;
    reasons.add(reason);
  }
  return { reason: [...reasons].join("; ") };
}

export interface EnvelopeFacts {
  readonly mediaType: string;
  readonly target: string;
  readonly nowMs: number;
}

/** Pure but for cryptography: why one envelope does not vouch for the image. */
export function envelopeRefusal(
  bytes: Uint8Array,
  { trustStore, trustedIdentities }: Pick<NotationSigned, "trustStore" | "trustedIdentities">,
  { mediaType, target, nowMs }: EnvelopeFacts,
): string | undefined {
  try {
    const envelope = READERS.get(mediaType)?.(bytes);
    if (!envelope) return unreadable(mediaType);
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

function unreadable(mediaType: string): string {
  return `a signature is in the format ${mediaType}, only ${[...READERS.keys()].join(" and ")} are read`;
}

function headerRefusal(header: Envelope["header"], nowMs: number): string | undefined {
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

function payloadRefusal(payload: Uint8Array, target: string): string | undefined {
  const signed: unknown = JSON.parse(Buffer.from(payload).toString("utf8"))?.targetArtifact?.digest;
  return signed === target ? undefined : `a signature is for ${JSON.stringify(signed)}, another image`;
}

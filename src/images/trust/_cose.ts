/** COSE messages for tests, written byte by byte (RFC 9052), as notation makes them. */
import { constants, type KeyObject, sign } from "node:crypto";
import { jsonBytes } from "#registry/_testing/registry.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";

/** As `notation sign --signature-format cose`, by any algorithm that its specification has. */
export function coseEnvelope({ digest, key, chain, header = {} }: CoseSignature): Uint8Array {
  const { id, hash } = coseAlgorithm(key);
  const head = cborMap([
    [cborInt(1), cborInt(id)],
    [cborInt(2), cborList([cborText("io.cncf.notary.signingScheme"), ...(header.crit ?? [])])],
    [cborInt(3), cborText("application/vnd.cncf.notary.payload.v1+json")],
    [cborText("io.cncf.notary.signingScheme"), cborText("notary.x509")],
    ...(header.more ?? []),
  ]);
  const payload = jsonBytes({ targetArtifact: { mediaType: MEDIA_TYPE.ociManifest, digest, size: 1 } });
  const signed = cborList([
    cborText("Signature1"),
    cborBytes(head),
    cborBytes(Buffer.of()),
    cborBytes(payload),
  ]);
  const options =
    key.asymmetricKeyType === "rsa"
      ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
      : { key, dsaEncoding: "ieee-p1363" as const };
  const signature = sign(hash, signed, options);
  const x5chain = cborList(chain.map((one) => cborBytes(Buffer.from(one, "base64"))));
  const parts = [
    cborBytes(head),
    cborMap([[cborInt(33), x5chain]]),
    cborBytes(payload),
    cborBytes(signature),
  ];
  return Buffer.concat([Buffer.of(0xd2), cborList(parts)]);
}

export interface CoseSignature {
  readonly digest: string;
  readonly key: KeyObject;
  /** DER, base64, the signer's first. */
  readonly chain: readonly string[];
  /** Encoded headers besides the usual ones. */
  readonly header?: {
    readonly crit?: readonly Buffer[];
    readonly more?: readonly (readonly [Buffer, Buffer])[];
  };
}

function coseAlgorithm(key: KeyObject): { readonly id: number; readonly hash: string } {
  const { modulusLength, namedCurve } = key.asymmetricKeyDetails ?? {};
  const byKey: Record<string, { id: number; hash: string }> = {
    prime256v1: { id: -7, hash: "sha256" },
    secp384r1: { id: -35, hash: "sha384" },
    secp521r1: { id: -36, hash: "sha512" },
    "2048": { id: -37, hash: "sha256" },
    "3072": { id: -38, hash: "sha384" },
    "4096": { id: -39, hash: "sha512" },
  };
  return byKey[String(modulusLength ?? CURVE_NAMES[namedCurve!] ?? namedCurve)]!;
}

const CURVE_NAMES: Record<string, string> = {
  "P-256": "prime256v1",
  "P-384": "secp384r1",
  "P-521": "secp521r1",
};

function cborHead(major: number, value: number): Buffer {
  if (value < 24) return Buffer.of((major << 5) | value);
  if (value < 256) return Buffer.of((major << 5) | 24, value);
  if (value < 65536) return Buffer.of((major << 5) | 25, value >> 8, value & 255);
  return Buffer.of((major << 5) | 26, ...[24, 16, 8, 0].map((shift) => (value >> shift) & 255));
}

export function cborInt(value: number): Buffer {
  return value < 0 ? cborHead(1, -1 - value) : cborHead(0, value);
}

export function cborText(value: string): Buffer {
  return Buffer.concat([cborHead(3, Buffer.byteLength(value)), Buffer.from(value)]);
}

function cborBytes(value: Uint8Array): Buffer {
  return Buffer.concat([cborHead(2, value.byteLength), value]);
}

function cborList(values: readonly Buffer[]): Buffer {
  return Buffer.concat([cborHead(4, values.length), ...values]);
}

function cborMap(entries: readonly (readonly [Buffer, Buffer])[]): Buffer {
  return Buffer.concat([cborHead(5, entries.length), ...entries.flat()]);
}

/** A time, as CBOR has it. @param seconds since 1970 */
export function cborTime(seconds: number): Buffer {
  return Buffer.concat([Buffer.of(0xc1), cborInt(seconds)]);
}

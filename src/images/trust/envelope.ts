import { constants, type KeyObject, verify, type X509Certificate } from "node:crypto";

/** Names of headers, as notation's specification has them in both formats. */
export const SCHEME = "io.cncf.notary.signingScheme";
export const SIGNING_TIME = "io.cncf.notary.signingTime";
export const EXPIRY = "io.cncf.notary.expiry";

/** A signature of notation with what was signed, whichever format it came in. */
export interface Envelope {
  /** Headers that were signed, by their names in the JSON format. */
  readonly header: Readonly<Record<string, unknown>>;
  readonly payload: Uint8Array;
  /** DER, the signer's first. */
  readonly chain: readonly Buffer[];
  /** The bytes the signature is over. */
  readonly signed: Uint8Array;
  readonly signature: Uint8Array;
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

/** Whether the certificate's key made the signature, by the algorithm its header names. */
export function isSignedBy({ publicKey }: X509Certificate, { header, signed, signature }: Envelope): boolean {
  const name = String(header.alg);
  const algorithm = Object.hasOwn(ALGORITHMS, name) ? ALGORITHMS[name] : undefined;
  if (!algorithm?.fits(publicKey)) return false;
  return verify(algorithm.hash, signed, { key: publicKey, ...algorithm.options }, signature);
}

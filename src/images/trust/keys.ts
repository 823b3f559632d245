import { type KeyObject, verify } from "node:crypto";
import { publicKey, type TrustedKey } from "./policy.ts";

/** What somebody has said about an image by signing it. */
export interface Claim {
  readonly digest: string;
  /** Absent where the format has no place for a name. */
  readonly name?: string;
}

/** Signers use SHA-256 with every key, or the one made for the curve: which it was is not written down. */
const CURVE_HASH: Readonly<Record<string, string>> = {
  secp384r1: "sha384",
  "P-384": "sha384",
  secp521r1: "sha512",
  "P-521": "sha512",
};

export function isSignedByOne(
  keys: readonly TrustedKey[],
  bytes: Uint8Array,
  signature: Uint8Array,
): boolean {
  if (signature.byteLength === 0) return false;
  return keys.some(({ path, pem }) => {
    const key = publicKey(pem, path);
    return hashesFor(key).some((hash) => isSigned(hash, key, bytes, signature));
  });
}

export function notSignedBy(keys: readonly TrustedKey[]): string {
  return `no signature was made with ${keys.map(({ path }) => path).join(" or ")}`;
}

function hashesFor({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): (string | null)[] {
  if (asymmetricKeyType === "ed25519") return [null];
  const own = CURVE_HASH[asymmetricKeyDetails?.namedCurve ?? ""];
  return own === undefined ? ["sha256"] : ["sha256", own];
}

function isSigned(hash: string | null, key: KeyObject, bytes: Uint8Array, signature: Uint8Array): boolean {
  try {
    return verify(hash, bytes, key, signature);
  } catch {
    return false; // of a length that no signature by this key has
  }
}

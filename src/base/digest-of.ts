import { type Digest, DigestMeter } from "./digest.ts";

/** The digest of these bytes, in the algorithm of `like` where that is one we know, else sha256. */
export function digestOf(bytes: Uint8Array, like?: string | null): Digest {
  const meter = new DigestMeter(like?.startsWith("sha512:") ? "sha512" : "sha256");
  meter.update(bytes);
  return meter.digest();
}

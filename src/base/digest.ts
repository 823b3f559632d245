import { InvalidArgument } from "./errors.ts";

/** `algorithm:hex`, as the OCI image specification writes it; only sha256 and sha512 are used. */
export type Digest = string;

const DIGEST = /^(?:sha256:[0-9a-f]{64}|sha512:[0-9a-f]{128})$/;

export function isDigest(text: string): boolean {
  return DIGEST.test(text);
}

/** @throws InvalidArgument when the text is no digest */
export function parseDigest(text: string): { readonly algorithm: "sha256" | "sha512"; readonly hex: string } {
  if (!isDigest(text))
    throw new InvalidArgument(`invalid digest ${JSON.stringify(text)}: expected sha256:<64 hex digits>`);
  const [algorithm, hex] = text.split(":") as ["sha256" | "sha512", string];
  return { algorithm, hex };
}

export function sha256(bytes: Uint8Array | string): Digest {
  return `sha256:${new Bun.CryptoHasher("sha256").update(bytes).digest("hex")}`;
}

/** Hashes what passes and counts it. */
export class DigestMeter {
  readonly #hasher: Bun.CryptoHasher;
  readonly #algorithm: "sha256" | "sha512";
  bytes = 0;

  constructor(algorithm: "sha256" | "sha512" = "sha256") {
    this.#algorithm = algorithm;
    this.#hasher = new Bun.CryptoHasher(algorithm);
  }

  update(chunk: Uint8Array): void {
    this.#hasher.update(chunk);
    this.bytes += chunk.byteLength;
  }

  /** Of what has passed so far; the meter goes on. */
  peek(): Digest {
    return `${this.#algorithm}:${this.#hasher.copy().digest("hex")}`;
  }

  /** Ends the meter. */
  digest(): Digest {
    return `${this.#algorithm}:${this.#hasher.digest("hex")}`;
  }
}

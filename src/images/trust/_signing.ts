/** Signatures for tests, in the formats cosign and notation write. */
import { constants, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { sha256 } from "#base/digest.ts";
import { jsonBytes, type TestRegistry } from "#registry/_testing/registry.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import { MEDIA_TYPE } from "#spec/oci/media-types.ts";

export function signingKey() {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { privateKey, pem: publicKey.export({ type: "spki", format: "pem" }) as string };
}

export interface CosignSignature {
  readonly digest: string;
  /** "docker-reference" */
  readonly name: string;
  readonly key: KeyObject;
  /** Where it is put: under the tag, or as a manifest that refers to the image. */
  readonly place?: "tag" | "referrer";
  /** Changes the payload after it was signed. */
  readonly tamper?: (payload: string) => string;
}

/** As `cosign sign --key`. */
export function addCosignSignature(registry: TestRegistry, signature: CosignSignature): void {
  const { digest, name, key, place = "tag", tamper = (payload) => payload } = signature;
  const payload = JSON.stringify({
    critical: {
      identity: { "docker-reference": name },
      image: { "docker-manifest-digest": digest },
      type: "cosign container image signature",
    },
    optional: null,
  });
  const signed = sign("sha256", Buffer.from(payload), key).toString("base64");
  const layer = {
    ...addBlob(registry, Buffer.from(tamper(payload)), "application/vnd.dev.cosign.simplesigning.v1+json"),
    annotations: { "dev.cosignproject.cosign/signature": signed },
  };
  const config = addBlob(registry, jsonBytes({ architecture: "", os: "" }), MEDIA_TYPE.ociConfig);
  if (place === "referrer") {
    addReferrer(registry, digest, "application/vnd.dev.cosign.artifact.sig.v1+json", [layer]);
    return;
  }
  const manifest = { schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config, layers: [layer] };
  const { digest: manifestDigest } = addBlob(registry, jsonBytes(manifest), MEDIA_TYPE.ociManifest);
  registry.tags.set(`${digest.replace(":", "-")}.sig`, manifestDigest);
}

export interface NotationSignature {
  readonly digest: string;
  readonly key: KeyObject;
  /** DER, base64, the signer's first. */
  readonly chain: readonly string[];
  readonly header?: Record<string, unknown>;
}

/** As `notation sign` with its default format. */
export function addNotationSignature(registry: TestRegistry, signature: NotationSignature): void {
  const envelope = addBlob(registry, notationEnvelope(signature), "application/jose+json");
  addReferrer(registry, signature.digest, "application/vnd.cncf.notary.signature", [envelope]);
}

export function notationEnvelope({ digest, key, chain, header }: NotationSignature): Uint8Array {
  const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
  const isRsa = key.asymmetricKeyType === "rsa";
  const head = base64url({
    alg: isRsa ? "PS256" : "ES256",
    cty: "application/vnd.cncf.notary.payload.v1+json",
    crit: ["io.cncf.notary.signingScheme"],
    "io.cncf.notary.signingScheme": "notary.x509",
    "io.cncf.notary.signingTime": "2026-01-01T00:00:00Z",
    ...header,
  });
  const payload = base64url({ targetArtifact: { mediaType: MEDIA_TYPE.ociManifest, digest, size: 1 } });
  const options = isRsa
    ? { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: constants.RSA_PSS_SALTLEN_DIGEST }
    : { key, dsaEncoding: "ieee-p1363" as const };
  const signature = sign("sha256", Buffer.from(`${head}.${payload}`), options).toString("base64url");
  return jsonBytes({ payload, protected: head, header: { x5c: chain }, signature });
}

function addReferrer(
  registry: TestRegistry,
  subject: string,
  artifactType: string,
  layers: readonly Descriptor[],
): void {
  const config = addBlob(registry, Buffer.from("{}"), "application/vnd.oci.empty.v1+json");
  const about = { mediaType: MEDIA_TYPE.ociManifest, digest: subject, size: 1 };
  const manifest = jsonBytes({
    schemaVersion: 2,
    mediaType: MEDIA_TYPE.ociManifest,
    artifactType,
    config,
    layers,
    subject: about,
  });
  const referrer = { ...addBlob(registry, manifest, MEDIA_TYPE.ociManifest), artifactType };
  // A registry without the referrers API keeps them under a tag.
  const index = jsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociIndex, manifests: [referrer] });
  registry.tags.set(subject.replace(":", "-"), addBlob(registry, index, MEDIA_TYPE.ociIndex).digest);
}

function addBlob(registry: TestRegistry, bytes: Uint8Array, mediaType: string): Descriptor {
  const digest = sha256(bytes);
  registry.blobs.set(digest, { bytes, mediaType });
  return { mediaType, digest, size: bytes.byteLength };
}

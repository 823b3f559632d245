/** Signatures for tests, in the formats cosign and notation write. */
import { constants, generateKeyPairSync, type KeyObject, sign } from "node:crypto";
import { sha256 } from "#base/digest.ts";
import { type Blob, type BuiltImage, jsonBytes, type TestRegistry } from "#registry/_testing/registry.ts";
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
  const { digest, place = "tag" } = signature;
  const { manifest, layers, blobs } = cosignArtifact(signature);
  for (const [blobDigest, blob] of blobs) registry.blobs.set(blobDigest, blob);
  if (place === "tag") registry.tags.set(`${digest.replace(":", "-")}.sig`, manifest.digest);
  else addReferrer(registry, digest, "application/vnd.dev.cosign.artifact.sig.v1+json", layers);
}

/** What cosign pushes under the tag `sha256-DIGEST.sig`. */
export function cosignArtifact(signature: Omit<CosignSignature, "place">): BuiltImage {
  const { digest, name, key, tamper = (payload) => payload } = signature;
  const blobs = new Map<string, Blob>();
  const add = (bytes: Uint8Array, mediaType: string) => addBlob({ blobs }, bytes, mediaType);
  const payload = JSON.stringify({
    critical: {
      identity: { "docker-reference": name },
      image: { "docker-manifest-digest": digest },
      type: "cosign container image signature",
    },
    optional: null,
  });
  const bytes = Buffer.from(tamper(payload));
  const layer = {
    ...add(bytes, "application/vnd.dev.cosign.simplesigning.v1+json"),
    annotations: {
      "dev.cosignproject.cosign/signature": sign("sha256", Buffer.from(payload), key).toString("base64"),
    },
  };
  const rootfs = { type: "layers", diff_ids: [layer.digest] };
  const config = add(jsonBytes({ architecture: "", os: "", config: {}, rootfs }), MEDIA_TYPE.ociConfig);
  const layers = [layer];
  const text = jsonBytes({ schemaVersion: 2, mediaType: MEDIA_TYPE.ociManifest, config, layers });
  return { manifest: add(text, MEDIA_TYPE.ociManifest), config, layers, diffIds: [], blobs };
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
  addNotationEnvelope(registry, signature.digest, notationEnvelope(signature), "application/jose+json");
}

export function addNotationEnvelope(
  registry: TestRegistry,
  digest: string,
  bytes: Uint8Array,
  mediaType: string,
): void {
  const envelope = addBlob(registry, bytes, mediaType);
  addReferrer(registry, digest, "application/vnd.cncf.notary.signature", [envelope]);
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

export interface BundleSignature {
  readonly digest: string;
  readonly key: KeyObject;
  readonly predicateType?: string;
  readonly payloadType?: string;
  /** Changes the statement after it was signed. */
  readonly tamper?: (statement: string) => string;
}

/** As `cosign sign --key` does since version 3: a statement about a digest, in a bundle that refers to the image. */
export function addBundleSignature(registry: Place, signature: BundleSignature): void {
  const { digest, key, tamper = (text) => text } = signature;
  const [algorithm, hex] = digest.split(":") as [string, string];
  const payloadType = signature.payloadType ?? "application/vnd.in-toto+json";
  const statement = JSON.stringify({
    _type: "https://in-toto.io/Statement/v1",
    subject: [{ digest: { [algorithm]: hex } }],
    predicateType: signature.predicateType ?? "https://sigstore.dev/cosign/sign/v1",
    predicate: {},
  });
  const size = Buffer.byteLength;
  const signed = `DSSEv1 ${size(payloadType)} ${payloadType} ${size(statement)} ${statement}`;
  const sig = sign(key.asymmetricKeyType === "ed25519" ? null : "sha256", Buffer.from(signed), key);
  const mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json";
  const bundle = {
    mediaType,
    verificationMaterial: { publicKey: { hint: "x" } },
    dsseEnvelope: {
      payload: Buffer.from(tamper(statement)).toString("base64"),
      payloadType,
      signatures: [{ sig: sig.toString("base64") }],
    },
  };
  addReferrer(registry, digest, mediaType, [addBlob(registry, jsonBytes(bundle), mediaType)]);
}

type Place = Pick<TestRegistry, "blobs" | "tags">;

function addReferrer(
  registry: Place,
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

function addBlob({ blobs }: Pick<TestRegistry, "blobs">, bytes: Uint8Array, mediaType: string): Descriptor {
  const digest = sha256(bytes);
  blobs.set(digest, { bytes, mediaType });
  return { mediaType, digest, size: bytes.byteLength };
}

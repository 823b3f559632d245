import { createPublicKey, type KeyObject, X509Certificate } from "node:crypto";
import { InvalidArgument } from "#base/errors.ts";
import { parseReference } from "#spec/reference.ts";

/** What a scope asks of an image. Keys and certificates were read when the policy was. */
export type Requirement =
  | { readonly type: "insecureAcceptAnything" }
  | { readonly type: "reject" }
  | {
      readonly type: "sigstoreSigned";
      /** One of them must have signed. */
      readonly keys: readonly TrustedKey[];
      readonly signedIdentity: SignedIdentity;
    }
  | {
      readonly type: "notationSigned";
      /** The chain of the signing certificate must lead to one of them. */
      readonly trustStore: readonly TrustedCertificate[];
      /** "x509.subject: C=…, O=…", or "*" for any subject. */
      readonly trustedIdentities: readonly string[];
    };

export interface TrustedKey {
  /** Where it was read, for messages. */
  readonly path: string;
  /** PEM of the public key: plain data, so that two policies can be compared. */
  readonly pem: string;
}

export interface TrustedCertificate {
  readonly path: string;
  readonly pem: string;
}

/**
 * What the name within a simple-signing payload must be. "digestOnly" is ours: any name or none, as bundles have none.
 * @see containers-policy.json(5), "signedIdentity"
 */
export type SignedIdentity =
  | { readonly type: "digestOnly" }
  | { readonly type: "matchExact" | "matchRepoDigestOrExact" | "matchRepository" }
  | { readonly type: "exactReference"; readonly dockerReference: string }
  | { readonly type: "exactRepository"; readonly dockerRepository: string }
  | { readonly type: "remapIdentity"; readonly prefix: string; readonly signedPrefix: string };

/** Ways in that are no registry: archives as Docker saves them, OCI layouts in an archive, root file systems. */
export const ARCHIVE_TRANSPORTS = ["docker-archive", "oci-archive", "tarball"] as const;
export type ArchiveTransport = (typeof ARCHIVE_TRANSPORTS)[number];

export interface TrustPolicy {
  /** For images no scope covers. */
  readonly default: readonly Requirement[];
  /** For what is loaded or imported, whatever its name. Where one is absent, the name decides as for a pull. */
  readonly archives: Readonly<Partial<Record<ArchiveTransport, readonly Requirement[]>>>;
  /** Scope to requirements; "" covers every registry. */
  readonly scopes: Readonly<Record<string, readonly Requirement[]>>;
}

/** @returns a file's text, undefined when there is none */
type ReadFile = (path: string) => string | undefined;

/**
 * Reads a policy in the format of containers-policy.json(5), with one requirement more: "notationSigned".
 * @throws InvalidArgument naming the place in the policy, for whatever could not be enforced as it says
 */
export function parseTrustPolicy(value: unknown, readFile: ReadFile): TrustPolicy {
  const policy = objectAt(value, "trust-policy", ["default", "transports"]);
  if (policy.default === undefined)
    throw invalid("trust-policy", 'it must say what the "default" is: [{"type": "reject"}], for instance');
  const transports = objectAt(policy.transports ?? {}, "trust-policy.transports");
  const scopes: Record<string, readonly Requirement[]> = {};
  const archives: Partial<Record<ArchiveTransport, readonly Requirement[]>> = {};
  for (const [transport, given] of Object.entries(transports)) {
    const place = `trust-policy.transports.${transport}`;
    for (const [scope, list] of Object.entries(objectAt(given, place))) {
      const requirements = requirementsAt(list, `${place}[${JSON.stringify(scope)}]`, readFile);
      if (transport === "docker") scopes[checkScope(scope, place)] = requirements;
      else if (isArchiveTransport(transport))
        archives[checkArchiveScope(scope, place, transport)] = requirements;
      else refuseUnlessOpen(requirements, place);
    }
  }
  return { default: requirementsAt(policy.default, "trust-policy.default", readFile), scopes, archives };
}

function isArchiveTransport(transport: string): transport is ArchiveTransport {
  return (ARCHIVE_TRANSPORTS as readonly string[]).includes(transport);
}

/** Archives come through the API: there is no path that a scope could name. */
function checkArchiveScope(scope: string, place: string, transport: ArchiveTransport): ArchiveTransport {
  if (scope === "") return transport;
  throw invalid(place, `the scope ${JSON.stringify(scope)} is not supported: only "", all of them`);
}

/** There is no other way in here; a stricter rule for one would be a promise nobody keeps. */
function refuseUnlessOpen(requirements: readonly Requirement[], place: string): void {
  if (!requirements.every(({ type }) => type === "insecureAcceptAnything"))
    throw invalid(
      place,
      `only the transports "docker" (images pulled from registries), ${ARCHIVE_TRANSPORTS.map((one) => JSON.stringify(one)).join(", ")} are checked`,
    );
}

function checkScope(scope: string, place: string): string {
  if (scope === "" || /^\*\.[\w.-]+$/.test(scope) || /^[\w.-]+(:\d+)?$/.test(scope)) return scope;
  try {
    parseReference(scope);
    return scope;
  } catch (error) {
    throw new InvalidArgument(`${place}: ${JSON.stringify(scope)} is no registry, namespace or image`, {
      cause: error,
    });
  }
}

function requirementsAt(value: unknown, place: string, readFile: ReadFile): Requirement[] {
  if (!Array.isArray(value) || value.length === 0)
    throw invalid(place, "it must be a list of at least one requirement");
  return value.map((item, index) => requirementAt(item, `${place}[${index}]`, readFile));
}

function requirementAt(value: unknown, place: string, readFile: ReadFile): Requirement {
  const { type } = objectAt(value, place);
  switch (type) {
    case "insecureAcceptAnything":
    case "reject":
      objectAt(value, place, ["type"]);
      return { type };
    case "sigstoreSigned":
      return sigstoreAt(value, place, readFile);
    case "notationSigned":
      return notationAt(value, place, readFile);
    default:
      throw invalid(place, `the requirement ${JSON.stringify(type)} is not supported`);
  }
}

function sigstoreAt(value: unknown, place: string, readFile: ReadFile): Requirement {
  const fields = ["type", "keyPath", "keyPaths", "keyData", "keyDatas", "signedIdentity"];
  const { keyPath, keyPaths, keyData, keyDatas, signedIdentity } = objectAt(value, place, fields);
  const ofFiles = textsAt(keyPaths ?? (keyPath === undefined ? [] : [keyPath]), `${place}.keyPaths`);
  const inline = textsAt(keyDatas ?? (keyData === undefined ? [] : [keyData]), `${place}.keyDatas`);
  const keys = [
    ...ofFiles.map((path) => ({ path, pem: contentOf(path, place, readFile) })),
    ...inline.map((data, index) => ({
      path: `${place}.keyDatas[${index}]`,
      pem: Buffer.from(data, "base64").toString("utf8"),
    })),
  ];
  if (keys.length === 0) throw invalid(place, 'it needs a public key: "keyPath" or "keyData"');
  for (const { path, pem } of keys) publicKey(pem, `${place}: ${path}`);
  return { type: "sigstoreSigned", keys, signedIdentity: identityAt(signedIdentity, place) };
}

/** @throws InvalidArgument when it is no public key in PEM */
export function publicKey(pem: string, what: string): KeyObject {
  try {
    if (/PRIVATE KEY/.test(pem)) throw new Error("it is a private key, which does not belong here");
    return createPublicKey(pem);
  } catch (error) {
    throw new InvalidArgument(`${what} is no public key in PEM: ${(error as Error).message}`, {
      cause: error,
    });
  }
}

function identityAt(value: unknown, place: string): SignedIdentity {
  if (value === undefined) return { type: "matchRepoDigestOrExact" };
  const here = `${place}.signedIdentity`;
  const { type } = objectAt(value, here);
  const text = (name: string) => {
    const fields = objectAt(value, here, [
      "type",
      "dockerReference",
      "dockerRepository",
      "prefix",
      "signedPrefix",
    ]);
    const found = fields[name];
    if (typeof found !== "string" || found === "")
      throw invalid(here, `it needs a text ${JSON.stringify(name)}`);
    return found;
  };
  switch (type) {
    case "matchExact":
    case "matchRepoDigestOrExact":
    case "matchRepository":
    case "digestOnly":
      objectAt(value, here, ["type"]);
      return { type };
    case "exactReference":
      return { type, dockerReference: text("dockerReference") };
    case "exactRepository":
      return { type, dockerRepository: text("dockerRepository") };
    case "remapIdentity":
      return { type, prefix: text("prefix"), signedPrefix: text("signedPrefix") };
    default:
      throw invalid(here, `the type ${JSON.stringify(type)} is not supported`);
  }
}

function notationAt(value: unknown, place: string, readFile: ReadFile): Requirement {
  const { trustStore, trustedIdentities } = objectAt(value, place, [
    "type",
    "trustStore",
    "trustedIdentities",
  ]);
  const paths = textsAt(trustStore ?? [], `${place}.trustStore`);
  if (paths.length === 0) throw invalid(place, 'it needs certificates to trust: "trustStore": ["/…/ca.pem"]');
  const certificates = paths.flatMap((path) => certificatesIn(contentOf(path, place, readFile), path, place));
  const identities = textsAt(trustedIdentities ?? ["*"], `${place}.trustedIdentities`);
  for (const identity of identities)
    if (identity !== "*" && !identity.startsWith("x509.subject:"))
      throw invalid(
        `${place}.trustedIdentities`,
        `${JSON.stringify(identity)} is neither "*" nor "x509.subject: …"`,
      );
  return { type: "notationSigned", trustStore: certificates, trustedIdentities: identities };
}

function certificatesIn(text: string, path: string, place: string): TrustedCertificate[] {
  const found = text.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  if (found.length === 0) throw invalid(place, `${path} holds no certificate in PEM`);
  return found.map((pem) => {
    try {
      new X509Certificate(pem);
      return { path, pem };
    } catch (error) {
      throw new InvalidArgument(`${place}: a certificate in ${path} cannot be read`, { cause: error });
    }
  });
}

function contentOf(path: string, place: string, readFile: ReadFile): string {
  const text = path.startsWith("/") ? readFile(path) : undefined;
  if (text === undefined)
    throw invalid(place, `${path} cannot be read: it must be the absolute path of a file`);
  return text;
}

function objectAt(value: unknown, place: string, known?: readonly string[]): Record<string, unknown> {
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw invalid(place, "it must be an object");
  const unknown = known && Object.keys(value).filter((key) => !known.includes(key));
  if (unknown?.length)
    throw invalid(place, `${unknown.map((key) => JSON.stringify(key)).join(", ")} is not supported`);
  return value as Record<string, unknown>;
}

function textsAt(value: unknown, place: string): string[] {
  if (!Array.isArray(value) || !value.every((item) => typeof item === "string"))
    throw invalid(place, "it must be a list of texts");
  return value as string[];
}

function invalid(place: string, reason: string): InvalidArgument {
  return new InvalidArgument(`${place}: ${reason}`);
}

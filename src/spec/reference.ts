import type { Digest } from "#base/digest.ts";
import { isDigest } from "#base/digest.ts";
import { InvalidArgument } from "#base/errors.ts";

/**
 * An image name, normalised: "debian" has the domain "docker.io" and the path "library/debian".
 * @see https://github.com/distribution/reference for the grammar
 */
export interface Reference {
  /** Registry host, with its port if it was given: "docker.io", "127.0.0.1:5000". */
  readonly domain: string;
  readonly path: string;
  readonly tag?: string;
  readonly digest?: Digest;
}

const DEFAULT_DOMAIN = "docker.io";
const LEGACY_DEFAULT_DOMAIN = "index.docker.io";
const OFFICIAL_PREFIX = "library/";
export const DEFAULT_TAG = "latest";

const MAX_PATH_LENGTH = 255;
/** Longest text worth reading: path, domain, tag and a sha512 digest. */
const MAX_REFERENCE_LENGTH = 1024;

const PATH_PART = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*";
const PATH = `${PATH_PART}(?:/${PATH_PART})*`;
const HOST_LABEL = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])";
const DOMAIN = `(?:${HOST_LABEL}(?:\\.${HOST_LABEL})*|\\[[a-fA-F0-9:]+\\])(?::[0-9]+)?`;
const TAG = "[\\w][\\w.-]{0,127}";
const DIGEST = "[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,}";

const DOMAIN_ONLY = new RegExp(`^${DOMAIN}$`);
const REMAINDER = new RegExp(`^(${PATH})(?::(${TAG}))?(?:@(${DIGEST}))?$`);
const TAG_ONLY = new RegExp(`^${TAG}$`);
const IDENTIFIER = /^[a-f0-9]{64}$/;

/**
 * Reads what a person typed as an image name and completes it as Docker does; no tag is added.
 * @throws InvalidArgument with Docker's texts ("invalid reference format", …)
 */
export function parseReference(text: string): Reference {
  if (IDENTIFIER.test(text))
    throw new InvalidArgument(
      `invalid repository name (${text}), cannot specify 64-byte hexadecimal strings`,
    );
  if (text.length > MAX_REFERENCE_LENGTH) throw new InvalidArgument("invalid reference format");
  const { domain, remainder } = splitDomain(text);
  const name = remainder.split(":", 1)[0]!;
  if (name.toLowerCase() !== name)
    throw new InvalidArgument(`invalid reference format: repository name (${name}) must be lowercase`);
  const match = REMAINDER.exec(remainder);
  if (!match || !DOMAIN_ONLY.test(domain)) throw new InvalidArgument("invalid reference format");
  const [, path, tag, digest] = match as unknown as [string, string, string?, string?];
  if (path.length > MAX_PATH_LENGTH)
    throw new InvalidArgument(`repository name must not be more than ${MAX_PATH_LENGTH} characters`);
  if (digest !== undefined) checkDigest(digest);
  return { domain, path, ...(tag === undefined ? {} : { tag }), ...(digest === undefined ? {} : { digest }) };
}

/** The first part is a host when it could not be a namespace: it has a dot, a colon or a capital, or is "localhost". */
function splitDomain(text: string): { domain: string; remainder: string } {
  const slash = text.indexOf("/");
  const first = text.slice(0, Math.max(slash, 0));
  const isHost = slash > 0 && (first === "localhost" || /[.:]/.test(first) || first.toLowerCase() !== first);
  const domain = isHost && first !== LEGACY_DEFAULT_DOMAIN ? first : DEFAULT_DOMAIN;
  const remainder = isHost ? text.slice(slash + 1) : text;
  const isOfficial = domain === DEFAULT_DOMAIN && !remainder.includes("/");
  return { domain, remainder: isOfficial ? OFFICIAL_PREFIX + remainder : remainder };
}

function checkDigest(digest: string): void {
  if (isDigest(digest)) return;
  const [algorithm, hex] = digest.split(":") as [string, string];
  const length = { sha256: 64, sha512: 128 }[algorithm];
  if (length === undefined) throw new InvalidArgument("unsupported digest algorithm");
  throw new InvalidArgument(
    hex.length === length ? "invalid checksum digest format" : "invalid checksum digest length",
  );
}

/** Adds ":latest" where neither tag nor digest was given. */
export function withDefaultTag(reference: Reference): Reference {
  return reference.tag || reference.digest ? reference : { ...reference, tag: DEFAULT_TAG };
}

/** @throws InvalidArgument when the text cannot be a tag */
export function withTag(reference: Reference, tag: string): Reference {
  if (!TAG_ONLY.test(tag)) throw new InvalidArgument("invalid tag format");
  return { domain: reference.domain, path: reference.path, tag };
}

export function withDigest(reference: Reference, digest: Digest): Reference {
  return { domain: reference.domain, path: reference.path, digest };
}

/** "docker.io/library/debian": the name alone. */
export function repositoryName(reference: Reference): string {
  return `${reference.domain}/${reference.path}`;
}

/** "debian": as people write the name alone. */
export function familiarName(reference: Reference): string {
  if (reference.domain !== DEFAULT_DOMAIN) return repositoryName(reference);
  const short = reference.path.slice(OFFICIAL_PREFIX.length);
  const isOfficial = reference.path.startsWith(OFFICIAL_PREFIX) && !short.includes("/");
  return isOfficial ? short : reference.path;
}

/** "docker.io/library/debian:12", "docker.io/library/debian@sha256:…": one text for one image, for use as a key. */
export function canonicalReference(reference: Reference): string {
  return repositoryName(reference) + suffix(reference);
}

/** "debian:12": as people write it. */
export function familiarReference(reference: Reference): string {
  return familiarName(reference) + suffix(reference);
}

function suffix({ tag, digest }: Reference): string {
  return (tag === undefined ? "" : `:${tag}`) + (digest === undefined ? "" : `@${digest}`);
}

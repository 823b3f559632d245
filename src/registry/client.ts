import type { Clock } from "#base/clock.ts";
import { type Digest, isDigest } from "#base/digest.ts";
import { digestOf } from "#base/digest-of.ts";
import { type EngineError, InvalidArgument } from "#base/errors.ts";
import type { TagList } from "#spec/oci/distribution.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import { MANIFEST_MEDIA_TYPES, MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { familiarName, familiarReference, type Reference } from "#spec/reference.ts";
import type { Credentials } from "./credentials.ts";
import { registryHost } from "./endpoint.ts";
import { pullError } from "./errors.ts";
import type { HttpResponse } from "./response.ts";
import { RegistrySession } from "./session.ts";
import type { Transport } from "./transport.ts";

/** Registries must take manifests of 4 MiB; a larger one is an attack on our memory. */
export const MAX_MANIFEST_BYTES = 8 << 20;
const MAX_TAG_LIST_BYTES = 16 << 20;
const MAX_TAG_PAGES = 1000;
/** How registries older than version 1.1 of the distribution specification answer to a path they do not have. */
const UNKNOWN_QUESTION: ReadonlySet<number> = new Set([400, 404, 405, 501]);

export interface FetchedManifest {
  readonly descriptor: Descriptor;
  /** Byte for byte as the registry has it: the digest is theirs. */
  readonly bytes: Uint8Array;
}

export interface RepositoryDeps {
  readonly transport: Transport;
  readonly clock: Clock;
}

/** One repository at its registry, as one user sees it. */
export class Repository {
  readonly #session: RegistrySession;
  readonly #reference: Reference;

  constructor(deps: RepositoryDeps, reference: Reference, credentials: Credentials) {
    this.#reference = reference;
    this.#session = new RegistrySession(deps, {
      host: registryHost(reference.domain),
      credentials,
      scopes: [`repository:${reference.path}:pull`],
    });
  }

  /**
   * What a tag or digest points at now; one HEAD where the registry answers it well.
   * @returns undefined when only a whole manifest can tell
   * @throws NotFound, with the texts Docker's clients match on
   */
  async resolve(tagOrDigest: string, signal?: AbortSignal): Promise<Descriptor | undefined> {
    using response = await this.#manifestRequest("HEAD", tagOrDigest, signal);
    const digest = response.headers.get("docker-content-digest") ?? "";
    const size = Number(response.headers.get("content-length") ?? Number.NaN);
    const mediaType = mediaTypeOf(response);
    if (response.status !== 200 || !isDigest(digest) || !mediaType || !(size > 0)) return undefined;
    if (isDigest(tagOrDigest) && digest !== tagOrDigest) throw this.#wrongDigest(tagOrDigest, digest);
    return { mediaType, digest, size };
  }

  /** @throws NotFound; InvalidArgument when the content is not what its digest says */
  async manifest(tagOrDigest: string, signal?: AbortSignal): Promise<FetchedManifest> {
    using response = await this.#manifestRequest("GET", tagOrDigest, signal);
    if (response.status !== 200) throw await this.#pullError("GET", response);
    const what = `manifest for ${familiarReference(this.#reference)}`;
    const bytes = await response.bytes(MAX_MANIFEST_BYTES, what);
    const announced = response.headers.get("docker-content-digest");
    const expected = isDigest(tagOrDigest) ? tagOrDigest : announced;
    const digest = digestOf(bytes, expected);
    if (expected && digest !== expected) throw this.#wrongDigest(expected, digest);
    return { descriptor: { mediaType: mediaTypeOf(response), digest, size: bytes.byteLength }, bytes };
  }

  /** The bytes of a blob from `offset` on, status 200 (from the start) or 206. @throws as `manifest` */
  async blob(digest: Digest, offset: number, signal?: AbortSignal): Promise<HttpResponse> {
    const response = await this.#session.request({
      method: "GET",
      path: `/v2/${this.#reference.path}/blobs/${digest}`,
      headers: offset > 0 ? { Range: `bytes=${offset}-` } : {},
      signal,
    });
    if (response.status === 200 || response.status === 206 || response.status === 416) return response;
    throw await this.#pullError("GET", response);
  }

  /** The index of manifests whose subject is `digest`. @returns undefined when the registry does not know the question */
  async referrers(digest: Digest, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    using response = await this.#session.request({
      method: "GET",
      path: `/v2/${this.#reference.path}/referrers/${digest}`,
      headers: { Accept: MEDIA_TYPE.ociIndex },
      signal,
    });
    if (UNKNOWN_QUESTION.has(response.status)) return undefined;
    if (response.status !== 200) throw await this.#pullError("GET", response);
    return await response.bytes(MAX_MANIFEST_BYTES, `referrers of ${digest}`);
  }

  /** All tags of the repository, page by page. */
  async tags(signal?: AbortSignal): Promise<string[]> {
    const tags: string[] = [];
    let path: string | undefined = `/v2/${this.#reference.path}/tags/list`;
    for (let page = 0; path !== undefined; page++) {
      if (page === MAX_TAG_PAGES)
        throw new InvalidArgument(`${familiarName(this.#reference)}: endless list of tags`);
      using response = await this.#session.request({ method: "GET", path, signal });
      if (response.status !== 200) throw await this.#pullError("GET", response);
      const body = await response.bytes(MAX_TAG_LIST_BYTES, `tags of ${familiarName(this.#reference)}`);
      tags.push(...readTags(body));
      path = nextPage(response);
    }
    return tags;
  }

  #manifestRequest(method: "HEAD" | "GET", tagOrDigest: string, signal?: AbortSignal): Promise<HttpResponse> {
    return this.#session.request({
      method,
      path: `/v2/${this.#reference.path}/manifests/${tagOrDigest}`,
      headers: { Accept: MANIFEST_MEDIA_TYPES.join(", ") },
      signal,
    });
  }

  async #pullError(method: string, response: HttpResponse): Promise<EngineError> {
    return pullError(await this.#session.refusal(method, response), {
      name: familiarName(this.#reference),
      reference: familiarReference(this.#reference),
    });
  }

  #wrongDigest(expected: Digest, got: Digest): InvalidArgument {
    return new InvalidArgument(
      `${familiarReference(this.#reference)}: the registry sent a wrong manifest: expected ${expected}, got ${got}`,
    );
  }
}

function mediaTypeOf(response: HttpResponse): string {
  return (response.headers.get("content-type") ?? "").replace(/;.*$/s, "").trim();
}

function readTags(body: Uint8Array): string[] {
  try {
    const { tags } = JSON.parse(Buffer.from(body).toString("utf8")) as TagList;
    return (tags ?? []).filter((tag) => typeof tag === "string");
  } catch (error) {
    throw new InvalidArgument("the registry's list of tags cannot be read", { cause: error });
  }
}

/** The path of `Link: </v2/…>; rel="next"`; another host's is not followed. */
function nextPage(response: HttpResponse): string | undefined {
  const target = /<([^>]+)>\s*;\s*rel="?next"?/.exec(response.headers.get("link") ?? "")?.[1];
  if (target === undefined || !URL.canParse(target, response.url.href)) return undefined;
  const url = new URL(target, response.url);
  return url.origin === response.url.origin ? url.pathname + url.search : undefined;
}

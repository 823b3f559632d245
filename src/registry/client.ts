import { type Digest, isDigest } from "#base/digest.ts";
import { digestOf } from "#base/digest-of.ts";
import { type EngineError, InvalidArgument } from "#base/errors.ts";
import type { TagList } from "#spec/oci/distribution.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import { MANIFEST_MEDIA_TYPES, MEDIA_TYPE } from "#spec/oci/media-types.ts";
import { familiarName, familiarReference, type Reference } from "#spec/reference.ts";
import { pullError } from "./errors.ts";
import type { HttpResponse } from "./response.ts";
import type { RegistrySession, SessionRequest } from "./session.ts";
import type { Source, Sources } from "./sources.ts";

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

/** From the first byte on up to the one before `to`; without `to` up to the end. */
export interface ByteRange {
  readonly from: number;
  readonly to?: number;
}

/** One repository at its registry or the registry's mirrors, as one user sees it. */
export class Repository {
  readonly #sources: Sources;
  readonly #reference: Reference;
  readonly #sourceOf = new WeakMap<HttpResponse, Source>();

  constructor(sources: Sources, reference: Reference) {
    this.#sources = sources;
    this.#reference = reference;
  }

  /**
   * What a tag or digest points at now; one HEAD where the registry answers it well.
   * @returns undefined when only a whole manifest can tell
   * @throws NotFound, with the texts Docker's clients match on
   */
  resolve(tagOrDigest: string, signal?: AbortSignal): Promise<Descriptor | undefined> {
    return this.#sources.first("resolve", async ({ session }) => {
      using response = await session.request(this.#manifestRequest("HEAD", tagOrDigest, signal));
      const digest = response.headers.get("docker-content-digest") ?? "";
      const size = Number(response.headers.get("content-length") ?? Number.NaN);
      const mediaType = mediaTypeOf(response);
      if (response.status !== 200 || !isDigest(digest) || !mediaType || !(size > 0)) return undefined;
      if (isDigest(tagOrDigest) && digest !== tagOrDigest) throw this.#wrongDigest(tagOrDigest, digest);
      return { mediaType, digest, size };
    });
  }

  /** @throws NotFound; InvalidArgument when the content is not what its digest says */
  manifest(tagOrDigest: string, signal?: AbortSignal): Promise<FetchedManifest> {
    const capability = isDigest(tagOrDigest) ? "pull" : "resolve";
    return this.#sources.first(capability, async ({ session }) => {
      using response = await session.request(this.#manifestRequest("GET", tagOrDigest, signal));
      if (response.status !== 200) throw await this.#pullError("GET", session, response);
      const what = `manifest for ${familiarReference(this.#reference)}`;
      const bytes = await response.bytes(MAX_MANIFEST_BYTES, what);
      const announced = response.headers.get("docker-content-digest");
      const expected = isDigest(tagOrDigest) ? tagOrDigest : announced;
      const digest = digestOf(bytes, expected);
      if (expected && digest !== expected) throw this.#wrongDigest(expected, digest);
      return { descriptor: { mediaType: mediaTypeOf(response), digest, size: bytes.byteLength }, bytes };
    });
  }

  /** The bytes of a blob from `offset` on. */
  blob(digest: Digest, offset: number, signal?: AbortSignal): Promise<HttpResponse> {
    return this.blobPart(digest, { from: offset }, signal);
  }

  /**
   * Bytes of a blob.
   * @returns an answer of status 206, 200 (all of it) or 416 (it ends before `range.from`)
   * @throws as `manifest`
   */
  blobPart(digest: Digest, range: ByteRange, signal?: AbortSignal): Promise<HttpResponse> {
    return this.#sources.first("pull", async (source) => {
      const response = await source.session.request({
        method: "GET",
        path: `/v2/${this.#reference.path}/blobs/${digest}`,
        headers: rangeHeader(range),
        signal,
      });
      if (![200, 206, 416].includes(response.status))
        throw await this.#pullError("GET", source.session, response);
      this.#sourceOf.set(response, source);
      return response;
    });
  }

  /**
   * What came with this answer was wrong or broken: where it came from is asked last from now on.
   * @returns whether there is another place to ask
   */
  avoidSourceOf(response: HttpResponse): boolean {
    const source = this.#sourceOf.get(response);
    return source !== undefined && this.#sources.avoid(source);
  }

  /** The index of manifests whose subject is `digest`. @returns undefined when the registry does not know the question */
  referrers(digest: Digest, signal?: AbortSignal): Promise<Uint8Array | undefined> {
    return this.#sources.first("resolve", async ({ session }) => {
      using response = await session.request({
        method: "GET",
        path: `/v2/${this.#reference.path}/referrers/${digest}`,
        headers: { Accept: MEDIA_TYPE.ociIndex },
        signal,
      });
      if (UNKNOWN_QUESTION.has(response.status)) return undefined;
      if (response.status !== 200) throw await this.#pullError("GET", session, response);
      return await response.bytes(MAX_MANIFEST_BYTES, `referrers of ${digest}`);
    });
  }

  /** All tags of the repository, page by page. */
  tags(signal?: AbortSignal): Promise<string[]> {
    return this.#sources.first("resolve", async ({ session }) => {
      const tags: string[] = [];
      let path: string | undefined = `/v2/${this.#reference.path}/tags/list`;
      for (let page = 0; path !== undefined; page++) {
        if (page === MAX_TAG_PAGES)
          throw new InvalidArgument(`${familiarName(this.#reference)}: endless list of tags`);
        using response = await session.request({ method: "GET", path, signal });
        if (response.status !== 200) throw await this.#pullError("GET", session, response);
        const body = await response.bytes(MAX_TAG_LIST_BYTES, `tags of ${familiarName(this.#reference)}`);
        tags.push(...readTags(body));
        path = nextPage(response, session);
      }
      return tags;
    });
  }

  #manifestRequest(method: "HEAD" | "GET", tagOrDigest: string, signal?: AbortSignal): SessionRequest {
    return {
      method,
      path: `/v2/${this.#reference.path}/manifests/${tagOrDigest}`,
      headers: { Accept: MANIFEST_MEDIA_TYPES.join(", ") },
      signal,
    };
  }

  async #pullError(method: string, session: RegistrySession, response: HttpResponse): Promise<EngineError> {
    return pullError(await session.refusal(method, response), {
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

function rangeHeader({ from, to }: ByteRange): Record<string, string> {
  if (from === 0 && to === undefined) return {};
  return { Range: `bytes=${from}-${to === undefined ? "" : to - 1}` };
}

function mediaTypeOf(response: HttpResponse): string {
  return (response.headers.get("content-type") ?? "").replace(/;.*$/s, "").trim();
}

/** Pure: one page of a list of tags. @throws InvalidArgument */
export function readTags(body: Uint8Array): string[] {
  try {
    const { tags } = JSON.parse(Buffer.from(body).toString("utf8")) as TagList;
    return (tags ?? []).filter((tag) => typeof tag === "string");
  } catch (error) {
    throw new InvalidArgument("the registry's list of tags cannot be read", { cause: error });
  }
}

/** The path of `Link: </v2/…>; rel="next"`; another host's is not followed. */
function nextPage(response: HttpResponse, session: RegistrySession): string | undefined {
  const target = /<([^>]+)>\s*;\s*rel="?next"?/.exec(response.headers.get("link") ?? "")?.[1];
  if (target === undefined || !URL.canParse(target, response.url.href)) return undefined;
  const url = new URL(target, response.url);
  return url.origin === response.url.origin ? session.pathOf(url) : undefined;
}

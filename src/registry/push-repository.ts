import type { Digest } from "#base/digest.ts";
import { type EngineError, InvalidArgument, Unavailable } from "#base/errors.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import { MANIFEST_MEDIA_TYPES } from "#spec/oci/media-types.ts";
import { familiarName, type Reference } from "#spec/reference.ts";
import { registryError } from "./errors.ts";
import { requestName } from "./network-failure.ts";
import type { HttpResponse } from "./response.ts";
import { isRetryableStatus } from "./retry-policy.ts";
import type { RegistrySession } from "./session.ts";
import type { StreamedBody } from "./transport.ts";
import { uploadLocation } from "./upload-location.ts";

/** An upload the registry has begun for us. */
export interface UploadSession {
  /** Where its next request goes; every answer may name a new one. */
  readonly url: URL;
  /** Bytes the registry says it has. */
  readonly offset: number;
  /** Smallest piece it takes, when it says so. */
  readonly minChunkBytes: number;
}

/** What a registry made of a piece. */
export type PieceOutcome =
  | { readonly kind: "taken"; readonly session: UploadSession }
  /** It wants smaller pieces (413). */
  | { readonly kind: "tooLarge" }
  /** It is elsewhere than we thought (416). */
  | { readonly kind: "outOfStep" }
  /** It knows nothing of this upload any more. */
  | { readonly kind: "unknown" };

/** The registry asked for patience. */
export class Busy extends Unavailable {
  readonly retryAfter: string | null;

  constructor(cause: EngineError, retryAfter: string | null) {
    super(cause.message, { cause, ...(cause.hint ? { hint: cause.hint } : {}) });
    this.retryAfter = retryAfter;
  }
}

/** A registry may hash, or copy within its storage, all of a large blob before it answers. */
const FINISH_TIMEOUT_MS = 15 * 60_000;

/**
 * One repository, to be written to as one user.
 * @see https://github.com/opencontainers/distribution-spec/blob/main/spec.md#push
 */
export class PushRepository {
  readonly reference: Reference;
  readonly #open: () => Promise<RegistrySession>;
  #opened: Promise<RegistrySession> | undefined;

  /** @param open asked once: the place that takes pushes for this repository */
  constructor(open: () => Promise<RegistrySession>, reference: Reference) {
    this.#open = open;
    this.reference = reference;
  }

  /** One question before many: whether the registry answers, and takes our credentials. @throws what it says instead */
  async check(signal?: AbortSignal): Promise<void> {
    using response = await (await this.#session()).request({ method: "GET", path: "/v2/", signal });
    if (response.status === 401 || response.status === 403) throw await this.#refused("GET", response);
  }

  async hasBlob(digest: Digest, signal?: AbortSignal): Promise<boolean> {
    return await this.#has(`blobs/${digest}`, signal);
  }

  async hasManifest(digest: Digest, signal?: AbortSignal): Promise<boolean> {
    return await this.#has(`manifests/${digest}`, signal);
  }

  /**
   * Makes a blob of another repository of this registry be one of ours, without sending it.
   * @param from path of that repository
   * @returns "mounted", or an upload it has begun instead; undefined when it wants neither
   */
  async mount(
    digest: Digest,
    from: string,
    signal?: AbortSignal,
  ): Promise<"mounted" | UploadSession | undefined> {
    const query = new URLSearchParams({ mount: digest, from });
    using response = await (await this.#session()).request({
      method: "POST",
      path: `${this.#path("blobs/uploads/")}?${query}`,
      scopes: [`repository:${from}:pull`],
      signal,
    });
    if (response.status === 201) return "mounted";
    return response.status === 202 ? this.#begun(response, 0) : undefined;
  }

  async startUpload(signal?: AbortSignal): Promise<UploadSession> {
    const path = this.#path("blobs/uploads/");
    using response = await (await this.#session()).request({ method: "POST", path, signal });
    if (response.status !== 202) throw await this.#refused("POST", response);
    return this.#begun(response, 0);
  }

  /** Sends what comes next. @param isWhole the blob in one go, which needs no range and suits every registry */
  async sendPiece(
    session: UploadSession,
    piece: StreamedBody,
    options: { readonly isWhole: boolean; readonly signal?: AbortSignal },
  ): Promise<PieceOutcome> {
    const end = session.offset + piece.sizeBytes;
    using response = await (await this.#session()).requestTo(session.url, {
      method: "PATCH",
      body: piece,
      headers: {
        "Content-Type": "application/octet-stream",
        ...(options.isWhole ? {} : { "Content-Range": `${session.offset}-${end - 1}` }),
      },
      maxAttempts: 1, // what of it arrived must be asked for first
      signal: options.signal,
    });
    if (response.status === 413) return { kind: "tooLarge" };
    if (response.status === 416) return { kind: "outOfStep" };
    if (response.status === 404) return { kind: "unknown" };
    if (![200, 201, 202, 204].includes(response.status)) throw await this.#refused("PATCH", response);
    return { kind: "taken", session: this.#begun(response, end) };
  }

  /** Where an upload stands. @returns undefined when the registry cannot tell: it must be begun anew */
  async uploadStatus(session: UploadSession, signal?: AbortSignal): Promise<UploadSession | undefined> {
    using response = await (await this.#session()).requestTo(session.url, { method: "GET", signal });
    if (response.status !== 204 && response.status !== 202) return undefined;
    const range = /^(?:bytes=)?0-(\d+)$/.exec(response.headers.get("range") ?? "")?.[1];
    // "0-0" is what registries say of one byte and of none; none is the safe reading
    return this.#begun(response, range === undefined || range === "0" ? 0 : Number(range) + 1);
  }

  /** Ends an upload. @returns false when the registry lost it or has other bytes than the digest says */
  async finishUpload(session: UploadSession, digest: Digest, signal?: AbortSignal): Promise<boolean> {
    const url = new URL(session.url);
    url.searchParams.set("digest", digest);
    using response = await (await this.#session()).requestTo(url, {
      method: "PUT",
      body: EMPTY,
      maxAttempts: 1,
      stallTimeoutMs: FINISH_TIMEOUT_MS,
      signal,
    });
    if ([200, 201, 204].includes(response.status)) return true;
    if (response.status === 404 || response.status === 416) return false;
    throw await this.#refused("PUT", response);
  }

  /** Lets the registry forget an upload; whether it does is its business. */
  async cancelUpload(session: UploadSession): Promise<void> {
    using _response = await (await this.#session()).requestTo(session.url, {
      method: "DELETE",
      maxAttempts: 1,
    });
  }

  /** @throws InvalidArgument when the registry says it has something else now */
  async putManifest(
    tagOrDigest: string,
    descriptor: Descriptor,
    bytes: Uint8Array,
    signal?: AbortSignal,
  ): Promise<void> {
    using response = await (await this.#session()).request({
      method: "PUT",
      path: this.#path(`manifests/${tagOrDigest}`),
      body: bytes,
      headers: { "Content-Type": descriptor.mediaType },
      stallTimeoutMs: FINISH_TIMEOUT_MS,
      signal,
    });
    if (![200, 201, 202, 204].includes(response.status)) throw await this.#refused("PUT", response);
    const stored = response.headers.get("docker-content-digest");
    if (stored && stored !== descriptor.digest && stored.startsWith("sha256:"))
      throw new InvalidArgument(
        `${familiarName(this.reference)}: the registry stored ${stored} instead of the manifest ${descriptor.digest}`,
      );
  }

  async deleteManifest(digest: Digest, signal?: AbortSignal): Promise<void> {
    const path = this.#path(`manifests/${digest}`);
    using response = await (await this.#session()).request({ method: "DELETE", path, signal });
    if (![200, 202, 204].includes(response.status)) throw await this.#refused("DELETE", response);
  }

  async #has(what: string, signal: AbortSignal | undefined): Promise<boolean> {
    // without it old registries hide manifests they believe we could not read
    const headers = { Accept: [...MANIFEST_MEDIA_TYPES, "*/*"].join(", ") };
    using response = await (await this.#session()).request({
      method: "HEAD",
      path: this.#path(what),
      headers,
      signal,
    });
    if (response.status === 200) return true;
    if (response.status === 404 || response.status === 405) return false;
    throw await this.#refused("HEAD", response);
  }

  #session(): Promise<RegistrySession> {
    this.#opened ??= this.#open();
    return this.#opened;
  }

  #path(rest: string): string {
    return `/v2/${this.reference.path}/${rest}`;
  }

  #begun(response: HttpResponse, offset: number): UploadSession {
    const name = requestName("POST", response.url);
    const url = uploadLocation(response.headers.get("location"), response.url, name);
    return { url, offset, minChunkBytes: Number(response.headers.get("oci-chunk-min-length")) || 0 };
  }

  async #refused(method: string, response: HttpResponse): Promise<EngineError> {
    const retryAfter = response.headers.get("retry-after");
    const error = registryError(await (await this.#session()).refusal(method, response));
    return isRetryableStatus(response.status) ? new Busy(error, retryAfter) : error;
  }
}

const EMPTY = new Uint8Array();

import type { Clock } from "#base/clock.ts";
import { Cancelled, InvalidArgument } from "#base/errors.ts";
import type { ByteSource } from "#base/streams.ts";
import type { HostPolicy } from "./hosts.ts";
import { networkFailure, requestName, Unreachable } from "./network-failure.ts";
import { type ProxySettings, proxyFor } from "./proxy.ts";
import { HttpResponse, stallError } from "./response.ts";
import { isRetryableStatus, retryDelayMs } from "./retry-policy.ts";

/** Begun anew for each try of a request; what comes out is sent as it comes. */
export interface StreamedBody {
  readonly sizeBytes: number;
  readonly open: () => ByteSource;
}

export type RequestBody = string | Uint8Array | StreamedBody;

export type HttpMethod = "GET" | "HEAD" | "POST" | "PATCH" | "PUT" | "DELETE";

export interface HttpRequest {
  readonly method: HttpMethod;
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent only to the origin of `url`, never along a redirect to another. */
  readonly authorization?: string;
  /** As `authorization`: an administrator's own headers may be secrets too. */
  readonly originHeaders?: Readonly<Record<string, string>>;
  readonly body?: RequestBody;
  /** Bound of the tries for this request alone: 1 where the caller must first ask what arrived. */
  readonly maxAttempts?: number;
  /** Patience with this request alone, for a server that has much to do before it answers. */
  readonly stallTimeoutMs?: number;
  readonly signal?: AbortSignal;
}

export interface TransportDeps {
  readonly clock: Clock;
  readonly policyOf: (host: string) => Promise<HostPolicy>;
  readonly userAgent: string;
  /** Silence from a server, before or within its answer, that ends a request. */
  readonly stallTimeoutMs: number;
  /** Tries in all for a server that says it is busy or cuts the connection before answering. */
  readonly maxAttempts: number;
  /** Absent: as the environment says. */
  readonly proxies?: ProxySettings | undefined;
}

/** Longer than any registry's own chain: load balancer, storage, its mirror. */
const MAX_REDIRECTS = 5;

/**
 * HTTP as registries need it: patience with busy servers, redirects that take no credentials along, no answer that
 * never ends. Any status below 500 but 429 is an answer and left to the caller.
 */
export class Transport {
  readonly #deps: TransportDeps;
  readonly #policies = new Map<string, Promise<HostPolicy>>();

  constructor(deps: TransportDeps) {
    this.#deps = deps;
  }

  /** What is known about a host; looked up once in this transport's life. */
  policyOf(host: string): Promise<HostPolicy> {
    const known = this.#policies.get(host) ?? this.#deps.policyOf(host);
    this.#policies.set(host, known);
    return known;
  }

  /** @throws Unreachable when there is no answer; Cancelled when the signal fires */
  async send(request: HttpRequest): Promise<HttpResponse> {
    const maxAttempts = Math.min(request.maxAttempts ?? Number.POSITIVE_INFINITY, this.#deps.maxAttempts);
    for (let attempt = 1; ; attempt++) {
      const isLast = attempt >= maxAttempts;
      const outcome = await this.#follow(request).catch((error: unknown) => {
        if (isLast || !(error instanceof Unreachable) || error.reason !== "cut") throw error;
        return undefined;
      });
      if (outcome && (isLast || !isRetryableStatus(outcome.status))) return outcome;
      const delayMs = retryDelayMs(attempt, outcome?.headers.get("retry-after"), this.#deps.clock.now());
      if (outcome && delayMs === undefined) return outcome;
      outcome?.[Symbol.dispose]();
      await this.#deps.clock.sleep(delayMs!, request.signal);
    }
  }

  async #follow(request: HttpRequest): Promise<HttpResponse> {
    let { url, authorization, originHeaders } = request;
    for (let hops = 0; ; hops++) {
      const response = await this.#once({ ...request, url, authorization, originHeaders });
      const location = REDIRECTS.has(response.status) ? response.headers.get("location") : null;
      if (location === null) return response;
      response[Symbol.dispose]();
      const next = redirectTarget(request.method, url, location);
      if (hops === MAX_REDIRECTS)
        throw new Unreachable(`${requestName(request.method, request.url)}: too many redirects`, "other");
      if (next.origin !== url.origin) [authorization, originHeaders] = [undefined, undefined];
      url = next;
    }
  }

  async #once(request: HttpRequest): Promise<HttpResponse> {
    const { method, url, headers, originHeaders, authorization, signal } = request;
    if (signal?.aborted) throw cancelled(method, url, signal);
    const abort = new AbortController();
    const giveUp = () => abort.abort(signal!.reason);
    signal?.addEventListener("abort", giveUp, { once: true });
    const stall = new StallTimer(abort, request.stallTimeoutMs ?? this.#deps.stallTimeoutMs);
    const { body, headers: bodyHeaders } = sendable(request.body, () => stall.rearm());
    try {
      const response = await fetch(url, {
        method,
        body,
        redirect: "manual",
        decompress: false, // digests are of the bytes as they are stored
        signal: abort.signal,
        tls: (await this.policyOf(url.host)).tls,
        ...(this.#deps.proxies ? { proxy: proxyFor(url, this.#deps.proxies) } : {}),
        headers: {
          "User-Agent": this.#deps.userAgent,
          "Accept-Encoding": "identity",
          ...bodyHeaders,
          ...headers,
          ...originHeaders,
          ...(authorization === undefined ? {} : { Authorization: authorization }),
        },
      });
      const stopListening = () => signal?.removeEventListener("abort", giveUp);
      return new HttpResponse(response, {
        url,
        abort,
        stallTimeoutMs: this.#deps.stallTimeoutMs,
        asFailure: (error) => asFailure(method, url, signal, error),
        onEnd: stopListening,
      });
    } catch (error) {
      signal?.removeEventListener("abort", giveUp);
      throw asFailure(method, url, signal, error);
    } finally {
      stall.clear();
    }
  }
}

/** Ends a request after a silence: no byte of ours taken, no answer begun. */
class StallTimer {
  readonly #abort: AbortController;
  readonly #timeoutMs: number;
  #timer: ReturnType<typeof setTimeout>;

  constructor(abort: AbortController, timeoutMs: number) {
    this.#abort = abort;
    this.#timeoutMs = timeoutMs;
    this.#timer = this.#start();
  }

  rearm(): void {
    clearTimeout(this.#timer);
    this.#timer = this.#start();
  }

  clear(): void {
    clearTimeout(this.#timer);
  }

  #start() {
    return setTimeout(() => this.#abort.abort(stallError()), this.#timeoutMs);
  }
}

/** A body as `fetch` takes it; one that streams tells of every piece that the server has made room for. */
function sendable(
  body: RequestBody | undefined,
  onPiece: () => void,
): { readonly body?: NonNullable<RequestInit["body"]>; readonly headers: Record<string, string> } {
  if (body === undefined) return { headers: {} };
  if (typeof body === "string" || body instanceof Uint8Array)
    return { body: body as NonNullable<RequestInit["body"]>, headers: {} };
  // a length instead of chunks: some registries' storage wants to know it beforehand
  const headers = { "Content-Length": String(body.sizeBytes) };
  return body.sizeBytes === 0 ? { headers } : { body: streamOf(body.open(), onPiece), headers };
}

function streamOf(source: ByteSource, onPiece: () => void): ReadableStream<Uint8Array> {
  const pieces = source[Symbol.asyncIterator]();
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        onPiece();
        const { done, value } = await pieces.next();
        if (done) controller.close();
        else controller.enqueue(value);
      },
      async cancel() {
        await pieces.return?.();
      },
    },
    { highWaterMark: 0 },
  );
}

const REDIRECTS = new Set([301, 302, 303, 307, 308]);

function asFailure(method: string, url: URL, signal: AbortSignal | undefined, error: unknown): Error {
  return signal?.aborted ? cancelled(method, url, signal) : networkFailure(method, url, error);
}

function cancelled(method: string, url: URL, signal: AbortSignal): Cancelled {
  return new Cancelled(`${requestName(method, url)}: context canceled`, { cause: signal.reason });
}

/** @throws InvalidArgument for a target that is no URL, gives up TLS, or would repeat what changes something */
function redirectTarget(method: string, from: URL, location: string): URL {
  const name = requestName(method, from);
  const target = URL.canParse(location, from.href) ? new URL(location, from) : undefined;
  if (!target || !/^https?:$/.test(target.protocol))
    throw new InvalidArgument(`${name}: redirect to something that is no HTTP address`);
  if (from.protocol === "https:" && target.protocol === "http:")
    throw new InvalidArgument(`${name}: refused a redirect from HTTPS to plain HTTP (${target.host})`);
  if (method === "POST") throw new InvalidArgument(`${name}: refused a redirect of credentials`);
  if (method !== "GET" && method !== "HEAD")
    throw new InvalidArgument(`${name}: refused a redirect of what was to be stored`);
  target.username = "";
  target.password = "";
  return target;
}

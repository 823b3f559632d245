import { Cancelled, Internal, messageOf } from "#base/errors.ts";
import { isBefore } from "#spec/docker/versions.ts";
import { errorFromStatus } from "#spec/error-status.ts";
import { HttpConnection, type HttpResponse, type RequestBody } from "./connection.ts";
import { EngineAnswer } from "./errors.ts";
import { encodeQuery, type Query } from "./http-head.ts";
import type { Channel, Dial } from "./types.ts";

export interface RequestOptions {
  readonly query?: Query;
  /** Sent as JSON. */
  readonly json?: unknown;
  /** Sent as it is, with `contentType`. */
  readonly body?: RequestBody;
  readonly contentType?: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** Firing it closes the connection of this request. */
  readonly signal?: AbortSignal;
}

export interface TransportOptions {
  readonly dial: Dial;
  /** Value of the Host header. */
  readonly host: string;
  /** Put before every path; "" in the usual case. */
  readonly basePath?: string;
  /** "1.51": the API version in request paths. */
  readonly apiVersion: string;
  /** False: an engine that is too old for `apiVersion` is an error, as with DOCKER_API_VERSION. */
  readonly mayDowngrade: boolean;
  readonly userAgent: string;
  /** Sent with every request: `HttpHeaders` of the configuration. */
  readonly headers?: Readonly<Record<string, string>>;
}

const VERSION_TOO_NEW = /client version \S+ is too new\. Maximum supported API version is (\d+\.\d+)/;

/**
 * Requests to one engine. Connections are kept and used again; the API version is not negotiated first but corrected when
 * an older engine refuses it, which saves a round trip for everyone else.
 */
export class Transport {
  readonly #options: TransportOptions;
  readonly #idle: HttpConnection[] = [];
  #apiVersion: string;
  #isVersionKnown = false;

  constructor(options: TransportOptions) {
    this.#options = options;
    this.#apiVersion = options.apiVersion;
  }

  /** The version in request paths; final once an answer came. */
  get apiVersion(): string {
    return this.#apiVersion;
  }

  /**
   * Sends a request; the caller reads the answer's body.
   * @throws EngineError by the answer's status from 400 on, with the engine's message
   * @throws EngineUnreachable
   */
  async request(method: string, path: string, options: RequestOptions = {}): Promise<HttpResponse> {
    if (isStream(options.body)) await this.#settleVersion(); // a stream cannot be sent twice
    const version = this.#apiVersion;
    try {
      const response = await this.#send(method, path, options);
      this.#isVersionKnown = true;
      return response;
    } catch (error) {
      if (!this.#acceptsDowngrade(version, error)) throw error;
      return await this.#send(method, path, options);
    }
  }

  async json<T>(method: string, path: string, options: RequestOptions = {}): Promise<T> {
    const text = await this.text(method, path, options);
    try {
      return JSON.parse(text) as T;
    } catch (error) {
      throw new Internal(`cannot read the engine's answer to ${method} ${path}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  async text(method: string, path: string, options: RequestOptions = {}): Promise<string> {
    return await (await this.request(method, path, options)).text();
  }

  /** For answers whose body does not matter. */
  async call(
    method: string,
    path: string,
    options: RequestOptions = {},
  ): Promise<{ readonly status: number }> {
    const response = await this.request(method, path, options);
    await response.bytes();
    return { status: response.status };
  }

  /** A request whose connection becomes a raw stream in both directions (attach, exec). */
  async hijack(method: string, path: string, options: RequestOptions = {}): Promise<Channel> {
    const headers = { Connection: "Upgrade", Upgrade: "tcp", ...options.headers };
    const response = await this.request(method, path, { ...options, headers });
    if (response.status !== 101 && response.status !== 200)
      throw new Internal(`unable to upgrade to tcp, received ${response.status}`);
    return response.raw();
  }

  /** Opens a connection ahead of its use, so that the next request need not wait for it. */
  async warm(): Promise<void> {
    this.#idle.push(new HttpConnection(await this.#options.dial()));
  }

  /** A connection of its own, for callers that speak HTTP themselves. */
  async openChannel(): Promise<Channel> {
    return await this.#options.dial();
  }

  close(): void {
    for (const connection of this.#idle.splice(0)) connection.channel.close();
  }

  async #settleVersion(): Promise<void> {
    if (this.#isVersionKnown || !this.#options.mayDowngrade) return;
    const response = await this.#exchange("GET", "/_ping", {});
    await response.bytes();
    const newest = response.headers["api-version"];
    if (newest && isBefore(newest, this.#apiVersion)) this.#apiVersion = newest;
    this.#isVersionKnown = true;
  }

  /** Whether it makes sense to ask again. Requests that were under way together may all learn it from their answers. */
  #acceptsDowngrade(usedVersion: string, error: unknown): boolean {
    const newest = VERSION_TOO_NEW.exec(messageOf(error))?.[1];
    if (newest === undefined || !this.#options.mayDowngrade) return false;
    this.#apiVersion = newest;
    this.#isVersionKnown = true;
    return usedVersion !== newest;
  }

  async #send(method: string, path: string, options: RequestOptions): Promise<HttpResponse> {
    const query = options.query ? encodeQuery(options.query) : "";
    const response = await this.#exchange(method, `/v${this.#apiVersion}${path}${query}`, options);
    if (response.status >= 400) throw await errorOf(`${method} ${path}`, response);
    return response;
  }

  async #exchange(method: string, path: string, options: RequestOptions): Promise<HttpResponse> {
    const connection = this.#takeIdle() ?? new HttpConnection(await this.#options.dial());
    const stopWatching = closeOnAbort(options.signal, connection.channel);
    const { headers, body } = this.#encode(method, options);
    try {
      const response = await connection.exchange(
        { method, path: (this.#options.basePath ?? "") + path, headers },
        body,
      );
      response.onFinish = (isReusable) => {
        stopWatching();
        if (isReusable) this.#idle.push(connection);
      };
      return response;
    } catch (error) {
      stopWatching();
      connection.channel.close();
      if (options.signal?.aborted) throw new Cancelled(`${method} ${path}: cancelled`, { cause: error });
      throw error;
    }
  }

  #takeIdle(): HttpConnection | undefined {
    for (;;) {
      const connection = this.#idle.pop();
      if (!connection?.channel.ended) return connection;
      connection.channel.close();
    }
  }

  #encode(
    method: string,
    options: RequestOptions,
  ): { headers: Record<string, string>; body: RequestBody | undefined } {
    const body =
      options.json === undefined ? options.body : new TextEncoder().encode(JSON.stringify(options.json));
    const headers: Record<string, string> = {
      Host: this.#options.host,
      "User-Agent": this.#options.userAgent,
      ...this.#options.headers,
      ...options.headers,
    };
    if (body !== undefined)
      headers["Content-Type"] =
        options.json === undefined ? (options.contentType ?? "application/octet-stream") : "application/json";
    if (isStream(body)) headers["Transfer-Encoding"] = "chunked";
    else if (body || method === "POST" || method === "PUT")
      headers["Content-Length"] = String(body?.byteLength ?? 0);
    return { headers, body };
  }
}

function isStream(body: RequestBody | undefined): body is AsyncIterable<Uint8Array> {
  return body !== undefined && !(body instanceof Uint8Array);
}

async function errorOf(request: string, response: HttpResponse): Promise<Error> {
  const message = engineMessage(await response.text()) || `status ${response.status} without a message`;
  return errorFromStatus(response.status, message, { cause: new EngineAnswer(request, response.status) });
}

function engineMessage(text: string): string {
  try {
    const body = JSON.parse(text) as { message?: unknown };
    if (typeof body?.message === "string") return body.message.trim();
  } catch {
    // plain text: an old engine, or a proxy on the way
  }
  return text.trim();
}

/** @returns stops watching the signal */
function closeOnAbort(signal: AbortSignal | undefined, channel: Channel): () => void {
  if (!signal) return () => {};
  const close = () => channel.close();
  if (signal.aborted) close();
  signal.addEventListener("abort", close, { once: true });
  return () => signal.removeEventListener("abort", close);
}

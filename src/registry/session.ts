import type { Clock } from "#base/clock.ts";
import { Authorizer } from "./auth.ts";
import { parseChallenges } from "./challenge.ts";
import type { Credentials } from "./credentials.ts";
import { endpointsOf } from "./endpoint.ts";
import type { Refusal } from "./errors.ts";
import { requestName, Unreachable } from "./network-failure.ts";
import type { HttpResponse } from "./response.ts";
import type { HttpRequest, Transport } from "./transport.ts";

export interface SessionDeps {
  readonly transport: Transport;
  readonly clock: Clock;
}

export interface SessionTarget {
  /** "registry-1.docker.io", "127.0.0.1:5000" */
  readonly host: string;
  readonly credentials: Credentials;
  /** What tokens are asked for: "repository:library/debian:pull". */
  readonly scopes: readonly string[];
  /** Also ask for an identity token, for a login. */
  readonly offline?: boolean;
  /** What stands for "/v2" there. Absent: "/v2" at the first of the host's addresses that answers. */
  readonly root?: URL;
  /** Sent with each request, and to no other host. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The registry that a mirror of several is asked for. */
  readonly namespace?: string;
}

export interface SessionRequest
  extends Pick<HttpRequest, "method" | "headers" | "body" | "maxAttempts" | "stallTimeoutMs" | "signal"> {
  /** Below the registry's root: "/v2/…". */
  readonly path: string;
  /** Of this request alone, in addition to the session's. */
  readonly scopes?: readonly string[];
}

interface Endpoint {
  readonly url: URL;
  readonly authorizer: Authorizer;
}

const MAX_ERROR_BYTES = 64 * 1024;

/** One user's requests to one registry: finds the address that answers, keeps its tokens. */
export class RegistrySession {
  readonly #deps: SessionDeps;
  readonly #target: SessionTarget;
  #endpoint: Endpoint | undefined;

  constructor(deps: SessionDeps, target: SessionTarget) {
    this.#deps = deps;
    this.#target = target;
  }

  /**
   * Any answer but a first 401; the caller judges its status and disposes it.
   * @throws Unreachable when the registry does not answer at any of its addresses
   */
  async request(request: SessionRequest): Promise<HttpResponse> {
    if (this.#endpoint)
      return this.#requestAt(this.#endpoint, this.#address(this.#endpoint, request), request);
    const { transport } = this.#deps;
    const { host, root } = this.#target;
    const urls = root ? [root] : endpointsOf(host, await transport.policyOf(host));
    for (const [index, url] of urls.entries()) {
      const endpoint = this.#endpointAt(url);
      try {
        return await this.#requestAt(endpoint, this.#address(endpoint, request), request);
      } catch (error) {
        const hasAnswered = this.#endpoint !== undefined; // then it is a token server that cannot be reached
        if (hasAnswered || index === urls.length - 1 || !(error instanceof Unreachable)) throw error;
      }
    }
    throw new Error(`no address for registry ${this.#target.host}`);
  }

  /**
   * A request to an address the registry itself named, as that of an upload. Another host than the registry's gets no
   * credentials: whoever can write a Location header would otherwise be given them.
   */
  async requestTo(url: URL, request: Omit<SessionRequest, "path" | "scopes">): Promise<HttpResponse> {
    const isOwn = this.#endpoint?.url.origin === url.origin;
    if (isOwn) return this.#requestAt(this.#endpoint!, url, request);
    return await this.#deps.transport.send({ ...request, url });
  }

  #endpointAt(url: URL): Endpoint {
    const { credentials, offline } = this.#target;
    return { url, authorizer: new Authorizer({ ...this.#deps, registry: url, credentials, offline }) };
  }

  async #requestAt(
    endpoint: Endpoint,
    address: URL,
    request: Omit<SessionRequest, "path">,
  ): Promise<HttpResponse> {
    const { url, authorizer } = endpoint;
    const scopes = [...this.#target.scopes, ...(request.scopes ?? [])];
    for (let isFirst = true; ; isFirst = false) {
      const authorization = await authorizer.authorization(scopes, request.signal);
      const response = await this.#deps.transport.send({
        ...request,
        url: address,
        originHeaders: this.#target.headers,
        authorization,
      });
      this.#endpoint = endpoint;
      const isChallenge = response.status === 401 && response.url.origin === url.origin;
      if (!isFirst || !isChallenge) return response;
      const challenges = parseChallenges(response.headers.get("www-authenticate"));
      if (!authorizer.accept(challenges, scopes, authorization)) return response;
      response[Symbol.dispose]();
    }
  }

  #address(endpoint: Endpoint, { path }: Pick<SessionRequest, "path">): URL {
    const { root, namespace } = this.#target;
    const address = root ? new URL(`${root.href}${path.slice("/v2".length)}`) : new URL(path, endpoint.url);
    if (namespace !== undefined) address.searchParams.set("ns", namespace);
    return address;
  }

  /** The path of an address this registry named, as `request` takes it. */
  pathOf(url: URL): string {
    const prefix = this.#target.root?.pathname;
    const path =
      prefix && url.pathname.startsWith(prefix) ? `/v2${url.pathname.slice(prefix.length)}` : url.pathname;
    return path + url.search;
  }

  /** What the registry said instead of answering, for `pullError` and `registryError`. */
  async refusal(method: string, response: HttpResponse): Promise<Refusal> {
    using _open = response;
    const request = requestName(method, response.url);
    const body = await response.bytes(MAX_ERROR_BYTES, request).catch(() => new Uint8Array());
    return {
      status: response.status,
      body: Buffer.from(body).toString("utf8"),
      challenges: parseChallenges(response.headers.get("www-authenticate")),
      request,
      hint: this.#hint(response),
    };
  }

  /** What is known about the user after a request: the token to keep, and a token server that was not trusted with credentials. */
  get login(): { readonly identityToken: string | undefined; readonly distrustedRealm: URL | undefined } {
    const { identityToken, distrustedRealm } = this.#endpoint?.authorizer ?? {};
    return { identityToken, distrustedRealm };
  }

  #hint(response: HttpResponse): string | undefined {
    const retryAfter = response.headers.get("retry-after");
    if (response.status === 429 && retryAfter) return `the registry asks to try again after ${retryAfter}`;
    const realm = this.login.distrustedRealm;
    if (realm)
      return `the credentials for ${this.#target.host} were not sent to ${realm.host}: it is no part of that registry`;
    return undefined;
  }
}

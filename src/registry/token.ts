import { InvalidArgument, Unauthenticated } from "#base/errors.ts";
import type { TokenResponse } from "#spec/oci/distribution.ts";
import { basicAuthorization, type Credentials } from "./credentials.ts";
import { registryError } from "./errors.ts";
import { requestName } from "./network-failure.ts";
import type { HttpResponse } from "./response.ts";
import type { Transport } from "./transport.ts";

export interface TokenRequest {
  readonly realm: URL;
  readonly service: string | undefined;
  /** "repository:library/debian:pull", …; none to check a login only. */
  readonly scopes: readonly string[];
  readonly credentials: Credentials;
  /** Also ask for a refresh token, Docker's identity token. */
  readonly offline?: boolean;
  readonly signal?: AbortSignal;
}

export interface Token {
  readonly value: string;
  readonly lifetimeMs: number;
  readonly refreshToken: string | undefined;
}

const CLIENT_ID = "wharf";
const MAX_ANSWER_BYTES = 1 << 20;
const DEFAULT_LIFETIME_SECONDS = 60;

/**
 * Asks a token server for a bearer token.
 * @see https://distribution.github.io/distribution/spec/auth/token/
 * @throws Unauthenticated when the server refuses the credentials
 */
export async function fetchToken(transport: Pick<Transport, "send">, request: TokenRequest): Promise<Token> {
  if (request.credentials.kind !== "identity")
    return readToken(await requestByGet(transport, request), request);
  return readToken(await requestByPost(transport, request, request.credentials), request);
}

function requestByGet(transport: Pick<Transport, "send">, request: TokenRequest): Promise<HttpResponse> {
  const { credentials, signal } = request;
  const url = new URL(request.realm);
  if (request.service) url.searchParams.set("service", request.service);
  for (const scope of request.scopes) url.searchParams.append("scope", scope);
  if (request.offline) {
    url.searchParams.set("offline_token", "true");
    url.searchParams.set("client_id", CLIENT_ID);
  }
  if (credentials.kind !== "password") return transport.send({ method: "GET", url, signal });
  url.searchParams.set("account", credentials.username);
  const authorization = basicAuthorization(credentials.username, credentials.password);
  return transport.send({ method: "GET", url, authorization, signal });
}

function requestByPost(
  transport: Pick<Transport, "send">,
  request: TokenRequest,
  credentials: Extract<Credentials, { kind: "identity" }>,
): Promise<HttpResponse> {
  const form = new URLSearchParams({
    grant_type: "refresh_token",
    service: request.service ?? "",
    client_id: CLIENT_ID,
    refresh_token: credentials.token,
  });
  if (request.scopes.length > 0) form.set("scope", request.scopes.join(" "));
  return transport.send({
    method: "POST",
    url: request.realm,
    headers: { "Content-Type": "application/x-www-form-urlencoded" },
    body: form.toString(),
    signal: request.signal,
  });
}

async function readToken(response: HttpResponse, request: TokenRequest): Promise<Token> {
  using _open = response;
  const name = requestName("GET", request.realm);
  const body = Buffer.from(await response.bytes(MAX_ANSWER_BYTES, name)).toString("utf8");
  if (response.status === 401 && request.credentials.kind !== "anonymous")
    throw new Unauthenticated(`${name}: unauthorized: incorrect username or password`);
  if (response.status !== 200)
    throw registryError({ status: response.status, body, challenges: [], request: name });
  return parseToken(body, name);
}

/** Pure: the answer of a token server. @throws InvalidArgument */
export function parseToken(body: string, name: string): Token {
  let answer: TokenResponse;
  try {
    answer = JSON.parse(body) as TokenResponse;
  } catch (error) {
    throw new InvalidArgument(`${name}: the token server's answer is no JSON`, { cause: error });
  }
  const value = answer?.token || answer?.access_token;
  // a token is one word of a header; anything else could add headers of its own
  if (typeof value !== "string" || !/^[\x21-\x7e]+$/.test(value))
    throw new InvalidArgument(`${name}: authorization server did not include a token in the response`);
  const seconds = Number(answer.expires_in) || DEFAULT_LIFETIME_SECONDS;
  return {
    value,
    lifetimeMs: Math.max(seconds, DEFAULT_LIFETIME_SECONDS) * 1000,
    refreshToken: typeof answer.refresh_token === "string" ? answer.refresh_token : undefined,
  };
}

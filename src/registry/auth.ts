import { SingleFlight } from "#base/async.ts";
import type { Clock } from "#base/clock.ts";
import { Internal } from "#base/errors.ts";
import type { Challenge } from "./challenge.ts";
import { basicAuthorization, type Credentials } from "./credentials.ts";
import { mayReceiveCredentials } from "./realm.ts";
import { fetchToken, type Token } from "./token.ts";
import type { Transport } from "./transport.ts";

export interface AuthorizerDeps {
  readonly transport: Pick<Transport, "send">;
  readonly clock: Clock;
  /** Origin of the registry these credentials belong to; they go nowhere else but a realm that belongs to it. */
  readonly registry: URL;
  readonly credentials: Credentials;
  /** Also ask for an identity token, for a login. */
  readonly offline?: boolean;
}

interface Bearer {
  readonly realm: URL;
  readonly service: string | undefined;
  readonly credentials: Credentials;
}

/** A token is renewed this long before it ends, so that it does not end on its way. */
const EXPIRY_MARGIN_MS = 10_000;

/** Answers one registry's challenges for one user, and remembers how. */
export class Authorizer {
  readonly #deps: AuthorizerDeps;
  readonly #tokens = new Map<string, { readonly value: string; readonly untilMs: number }>();
  readonly #flights = new SingleFlight<string, Token>();
  #scheme: "none" | "basic" | Bearer = "none";
  /** Given by token servers that were asked for one and know such a thing. */
  identityToken: string | undefined;

  constructor(deps: AuthorizerDeps) {
    this.#deps = deps;
  }

  /** The Authorization header for a request, as far as the registry has said that it wants one. */
  async authorization(scopes: readonly string[], signal?: AbortSignal): Promise<string | undefined> {
    const { credentials } = this.#deps;
    if (credentials.kind === "registryToken") return `Bearer ${credentials.token}`;
    if (this.#scheme === "none") return undefined;
    if (this.#scheme !== "basic") return `Bearer ${await this.#token(this.#scheme, scopes, signal)}`;
    if (credentials.kind !== "password") throw new Internal(NO_CREDENTIALS);
    return basicAuthorization(credentials.username, credentials.password);
  }

  /**
   * Takes note of a 401.
   * @param sent the header the refused request carried
   * @returns whether the request is worth another try
   */
  accept(challenges: readonly Challenge[], scopes: readonly string[], sent: string | undefined): boolean {
    this.#tokens.delete(keyOf(scopes));
    const bearer = challenges.find(({ scheme }) => scheme === "bearer");
    const realm = bearer && this.#realmOf(bearer);
    if (realm) this.#scheme = realm;
    else if (challenges.some(({ scheme }) => scheme === "basic")) this.#scheme = "basic";
    else return false;
    return this.#deps.credentials.kind !== "registryToken" && !(this.#scheme === "basic" && sent);
  }

  /** Whether the last challenge named a realm that gets no credentials although there are some. */
  get distrustedRealm(): URL | undefined {
    const isHeldBack =
      typeof this.#scheme === "object" &&
      this.#scheme.credentials.kind === "anonymous" &&
      this.#deps.credentials.kind !== "anonymous";
    return isHeldBack ? (this.#scheme as Bearer).realm : undefined;
  }

  #realmOf({ parameters }: Challenge): Bearer | undefined {
    if (!parameters.realm || !URL.canParse(parameters.realm)) return undefined;
    const realm = new URL(parameters.realm);
    if (!/^https?:$/.test(realm.protocol)) return undefined;
    const isTrusted = mayReceiveCredentials(this.#deps.registry, realm);
    const credentials: Credentials = isTrusted ? this.#deps.credentials : { kind: "anonymous" };
    return { realm, service: parameters.service, credentials };
  }

  async #token(bearer: Bearer, scopes: readonly string[], signal?: AbortSignal): Promise<string> {
    const key = keyOf(scopes);
    const known = this.#tokens.get(key);
    if (known && known.untilMs > this.#deps.clock.now()) return known.value;
    const token = await this.#flights.run(key, () =>
      fetchToken(this.#deps.transport, { ...bearer, scopes, offline: this.#deps.offline, signal }),
    );
    this.identityToken = token.refreshToken;
    const untilMs = this.#deps.clock.now() + token.lifetimeMs - EXPIRY_MARGIN_MS;
    this.#tokens.set(key, { value: token.value, untilMs });
    return token.value;
  }
}

const NO_CREDENTIALS = "no basic auth credentials";

function keyOf(scopes: readonly string[]): string {
  return scopes.join(" ");
}

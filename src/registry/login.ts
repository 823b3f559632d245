import type { Clock } from "#base/clock.ts";
import { PermissionDenied, Unauthenticated } from "#base/errors.ts";
import type { AuthConfig } from "#spec/docker/auth.ts";
import { credentialsOf } from "./credentials.ts";
import { hostOfServerAddress } from "./endpoint.ts";
import { registryError } from "./errors.ts";
import { requestName } from "./network-failure.ts";
import { RegistrySession } from "./session.ts";
import type { Transport } from "./transport.ts";

export interface LoginResult {
  readonly status: string;
  readonly identityToken: string | undefined;
}

/**
 * Shows credentials to the registry they are for.
 * @throws Unauthenticated when it refuses them; PermissionDenied when it wants them sent to a stranger
 */
export async function login(
  deps: { readonly transport: Transport; readonly clock: Clock },
  auth: AuthConfig,
  signal?: AbortSignal,
): Promise<LoginResult> {
  const host = hostOfServerAddress(auth.serveraddress);
  const session = new RegistrySession(deps, {
    host,
    credentials: credentialsOf(auth),
    scopes: [],
    offline: true,
  });
  using response = await session.request({ method: "GET", path: "/v2/", signal });
  const { identityToken, distrustedRealm } = session.login;
  if (distrustedRealm)
    throw new PermissionDenied(
      `login to ${host}: it names the token server ${distrustedRealm.host}, which is no part of that registry; the credentials were not sent`,
    );
  if (response.status === 401)
    throw new Unauthenticated(
      `${requestName("GET", response.url)}: unauthorized: incorrect username or password`,
    );
  if (response.status !== 200) throw registryError(await session.refusal("GET", response));
  return { status: "Login Succeeded", identityToken };
}

import { InvalidArgument } from "#base/errors.ts";
import type { AuthConfig } from "#spec/docker/auth.ts";

/** What a client gave us to show to one registry. At most one of the three kinds is used. */
export type Credentials =
  | { readonly kind: "anonymous" }
  | { readonly kind: "password"; readonly username: string; readonly password: string }
  /** An OAuth refresh token, from an earlier login. */
  | { readonly kind: "identity"; readonly username: string; readonly token: string }
  /** A bearer token for the registry itself. */
  | { readonly kind: "registryToken"; readonly token: string };

/** @throws InvalidArgument when the `auth` field is no base64 of "user:password" */
export function credentialsOf(auth: AuthConfig | undefined): Credentials {
  if (!auth) return { kind: "anonymous" };
  if (auth.registrytoken) return { kind: "registryToken", token: auth.registrytoken };
  if (auth.identitytoken)
    return { kind: "identity", username: auth.username ?? "", token: auth.identitytoken };
  if (auth.username) return { kind: "password", username: auth.username, password: auth.password ?? "" };
  if (auth.auth) return decodeAuth(auth.auth);
  return { kind: "anonymous" };
}

function decodeAuth(auth: string): Credentials {
  const text = Buffer.from(auth, "base64").toString("utf8");
  const colon = text.indexOf(":");
  if (colon <= 0)
    throw new InvalidArgument("invalid registry credentials: auth is no base64 of user:password");
  const password = text.slice(colon + 1).replace(/\0+$/, ""); // old docker clients pad
  return { kind: "password", username: text.slice(0, colon), password };
}

/** The header value for HTTP's Basic scheme. */
export function basicAuthorization(username: string, password: string): string {
  return `Basic ${Buffer.from(`${username}:${password}`, "utf8").toString("base64")}`;
}

import { InvalidArgument } from "#base/errors.ts";
import type { AuthConfig } from "#spec/docker/auth.ts";
import { decode } from "./decode.ts";
import { AuthConfigSchema } from "./schemas/auth.ts";

/**
 * Credentials from the X-Registry-Auth header: JSON in base64url, with or without padding; some clients use the
 * ordinary alphabet.
 * @returns undefined when there are none
 * @throws InvalidArgument for anything else; the value itself is never part of the message
 */
export function decodeRegistryAuth(header: string | undefined): AuthConfig | undefined {
  if (!header) return undefined;
  const value = parse(header);
  if (value === null) return undefined;
  const auth = decode(AuthConfigSchema, value);
  return Object.keys(auth).length > 0 ? auth : undefined;
}

function parse(header: string): unknown {
  if (!/^[\w+/-]+={0,2}$/.test(header)) throw invalid("it is not base64");
  try {
    return JSON.parse(Buffer.from(header, "base64url").toString());
  } catch {
    throw invalid("it is not JSON in base64");
  }
}

function invalid(reason: string): InvalidArgument {
  return new InvalidArgument(`invalid X-Registry-Auth header: ${reason}`);
}

/**
 * Versions of the Docker Engine API: what this engine speaks and how two versions compare. A version is text of dotted
 * numbers ("1.43") and compares number by number, so that 1.9 is older than 1.24.
 */
import { InvalidArgument } from "#base/errors.ts";

export type ApiVersion = string;

/** The newest version answered, and what a request without a version gets. */
export const MAX_API_VERSION: ApiVersion = "1.55";

/** The oldest version answered unless the configuration raises it. */
export const MIN_API_VERSION: ApiVersion = "1.24";

/** Below this, errors are sent as plain text instead of JSON. */
export const FIRST_JSON_ERROR_VERSION: ApiVersion = "1.24";

export function isApiVersion(text: string): boolean {
  return /^\d{1,4}(?:\.\d{1,4}){0,3}$/.test(text);
}

/** @returns negative when `a` is older than `b`, 0 when equal, positive when newer */
export function compareVersions(a: ApiVersion, b: ApiVersion): number {
  if (a === b) return 0;
  const left = a.split(".");
  const right = b.split(".");
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const difference = Number(left[i] ?? 0) - Number(right[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Whether a request of this version was made before `introduced` came: `isBefore(version, "1.42")`. */
export function isBefore(version: ApiVersion, introduced: ApiVersion): boolean {
  return compareVersions(version, introduced) < 0;
}

/**
 * The version a request is answered in.
 * @param requested from the path; absent means the newest
 * @throws InvalidArgument with Docker's texts when it is out of range
 */
export function negotiate(requested: ApiVersion | undefined, minimum: ApiVersion): ApiVersion {
  if (requested === undefined) return MAX_API_VERSION;
  if (isBefore(requested, minimum))
    throw new InvalidArgument(
      `client version ${requested} is too old. Minimum supported API version is ${minimum}, ` +
        "please upgrade your client to a newer version",
    );
  if (isBefore(MAX_API_VERSION, requested))
    throw new InvalidArgument(
      `client version ${requested} is too new. Maximum supported API version is ${MAX_API_VERSION}`,
    );
  return requested;
}

import { InvalidArgument } from "#base/errors.ts";
import { type ApiVersion, isApiVersion } from "#spec/docker/versions.ts";

export interface Target {
  /** As the client wrote it, known or not; undefined where it wrote none. */
  readonly version: ApiVersion | undefined;
  /** Not decoded. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
}

/** "/v1.43/containers/json?all=1" in its parts. What only looks like a version is part of the path. */
export function parseTarget(target: string): Target {
  const mark = target.indexOf("?");
  const whole = mark < 0 ? target : target.slice(0, mark);
  const query = mark < 0 ? "" : target.slice(mark + 1);
  const versioned = /^\/+v([0-9.]+)(\/.*)$/.exec(whole);
  return versioned && isApiVersion(versioned[1]!)
    ? { version: versioned[1], path: versioned[2]!, query }
    : { version: undefined, path: whole, query };
}

/**
 * A path to look routes up with. Names may come encoded ("library%2Fdebian"); doubled slashes come from names with a
 * leading one.
 * @throws InvalidArgument for a percent sign that encodes nothing
 */
export function decodePath(path: string): string {
  try {
    return decodeURIComponent(path).replace(/\/{2,}/g, "/");
  } catch (error) {
    throw new InvalidArgument(`malformed path ${JSON.stringify(path)}`, { cause: error });
  }
}

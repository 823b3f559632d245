import { InvalidArgument } from "#base/errors.ts";
import { type ApiVersion, isBefore } from "#spec/docker/versions.ts";
import { formatPlatform } from "#spec/platform.ts";
import type { ApiRequest } from "./handler.ts";

/** More than one platform at a time. */
const SEVERAL_SINCE: ApiVersion = "1.52";

/**
 * The platform a request names, as JSON of OCI's or as text.
 * @returns "os/architecture/variant"; undefined when there is none or the version does not know the parameter
 * @throws InvalidArgument when it is no platform
 */
export function platformQuery(request: ApiRequest, since: ApiVersion): string | undefined {
  return platformsQuery(request, { name: "platform", since })[0];
}

/** @throws InvalidArgument for several of them, before the version that knows what to do with them */
export function platformsQuery(
  { query, version }: ApiRequest,
  { name, since, severalSince = SEVERAL_SINCE }: PlatformsOptions,
): string[] {
  if (isBefore(version, since)) return [];
  const given = query.list(name).filter((text) => text !== "");
  if (given.length > 1 && isBefore(version, severalSince))
    throw new InvalidArgument("specifying multiple platforms is not supported by this version of the API");
  return given.map(parse);
}

export interface PlatformsOptions {
  readonly name: "platform" | "platforms";
  readonly since: ApiVersion;
  readonly severalSince?: ApiVersion;
}

function parse(text: string): string {
  if (!text.startsWith("{")) return text;
  const { os, architecture, variant } = parseObject(text);
  if (typeof os !== "string" || typeof architecture !== "string" || os === "" || architecture === "")
    throw new InvalidArgument(`failed to parse platform: ${text}: os and architecture must be given`);
  return formatPlatform({
    os,
    architecture,
    ...(typeof variant === "string" && variant !== "" ? { variant } : {}),
  });
}

function parseObject(text: string): Record<string, unknown> {
  try {
    return JSON.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw new InvalidArgument(`failed to parse platform: ${text}`, { cause: error });
  }
}

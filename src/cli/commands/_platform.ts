import { parsePlatform } from "#spec/platform.ts";

/** What is not said of a platform is this machine's. */
export const HOST_PLATFORM = { os: "linux", architecture: process.arch === "x64" ? "amd64" : process.arch };

/**
 * The value of the `platform` query where the API wants an OCI platform in JSON.
 * @throws InvalidArgument when the text is no platform
 */
export function platformQuery(text: string): string | undefined {
  return text ? JSON.stringify(parsePlatform(text, HOST_PLATFORM)) : undefined;
}

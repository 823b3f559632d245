import type { ConfigFile } from "../config.ts";

const VARIABLES = {
  httpProxy: "HTTP_PROXY",
  httpsProxy: "HTTPS_PROXY",
  noProxy: "NO_PROXY",
  ftpProxy: "FTP_PROXY",
  allProxy: "ALL_PROXY",
} as const;

/** The variables containers of this engine get, in both spellings programs look for. */
export function proxyEnv(
  proxies: NonNullable<ConfigFile["proxies"]>,
  endpoint: string,
): Record<string, string> {
  const chosen = proxies[endpoint] ?? proxies.default ?? {};
  const env: Record<string, string> = {};
  for (const [key, name] of Object.entries(VARIABLES)) {
    const value = chosen[key as keyof typeof VARIABLES];
    if (value) Object.assign(env, { [name]: value, [name.toLowerCase()]: value });
  }
  return env;
}

import { InvalidArgument } from "#base/errors.ts";
import { parseMirror, type RegistryMirrors } from "#registry/mirror.ts";
import type { ProxySettings } from "#registry/proxy.ts";
import type { ConfigSources } from "./config.ts";
import type { SettingReader } from "./settings.ts";

const HUB = "docker.io";
/** Other names of Docker Hub, which images' names do not have. */
const HUB_ALIASES: ReadonlySet<string> = new Set(["index.docker.io", "registry-1.docker.io"]);

/**
 * Mirrors by registry: `registry-mirrors` are Docker Hub's, as dockerd knows them; `registries` says it for any.
 * @throws InvalidArgument with Docker's texts
 */
export function registryMirrors(settings: SettingReader): Readonly<Record<string, RegistryMirrors>> {
  const all: Record<string, RegistryMirrors> = Object.create(null);
  const hub = settings.list("registry-mirrors").map(parseMirror);
  if (hub.length > 0) all[HUB] = { mirrors: hub, fallback: true };
  const given = settings.map<{ readonly mirrors: readonly string[]; readonly fallback?: boolean }>(
    "registries",
  );
  for (const [name, { mirrors, fallback = true }] of Object.entries(given)) {
    const domain = HUB_ALIASES.has(name) ? HUB : name;
    if (!/^[\w.-]+(?::\d+)?$|^\[[\da-f:]+\](?::\d+)?$/i.test(domain))
      throw new InvalidArgument(`registries: ${JSON.stringify(name)} is no registry`, {
        hint: 'write the host as in an image name, such as "quay.io" or "registry.example:5000"',
      });
    if (mirrors.length === 0 && !fallback)
      throw new InvalidArgument(`registries: ${name} has no mirror and no fallback: nothing could be pulled`);
    all[domain] = { mirrors: [...(all[domain]?.mirrors ?? []), ...mirrors.map(parseMirror)], fallback };
  }
  return { ...all };
}

/**
 * Proxies of flags or daemon.json; what neither says is taken from the environment.
 * @throws InvalidArgument when flag and file both say it, or for a proxy that does not speak HTTP
 */
export function proxySettings(settings: SettingReader, env: ConfigSources["env"]): ProxySettings {
  const file = settings.map("proxies");
  const one = (name: string, ...variables: string[]) => {
    const flag = settings.text(name);
    if (flag !== undefined && file[name] !== undefined)
      throw new InvalidArgument(
        `the following directives are specified both as a flag and in the configuration file: ${name}: (from flag: ${flag}, from file: ${file[name]})`,
      );
    const names = variables.flatMap((variable) => [variable, variable.toLowerCase()]);
    return flag ?? file[name] ?? names.map((variable) => env[variable]).find(Boolean) ?? "";
  };
  return {
    http: checkProxy("http-proxy", one("http-proxy", "HTTP_PROXY")),
    https: checkProxy("https-proxy", one("https-proxy", "HTTPS_PROXY")),
    no: one("no-proxy", "NO_PROXY"),
  };
}

function checkProxy(name: string, value: string): string {
  if (value === "") return value;
  const address = value.includes("://") ? value : `http://${value}`;
  if (URL.canParse(address) && /^https?:/i.test(address)) return value;
  throw new InvalidArgument(`${name} must be an address such as http://proxy.example:3128`, {
    hint: "proxies that speak HTTP are supported, SOCKS is not",
  });
}

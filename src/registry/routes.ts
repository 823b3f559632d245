import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { InvalidArgument } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import { registryHost } from "./endpoint.ts";
import type { HostPolicy, HostsOptions } from "./hosts.ts";
import { type Capability, type HostEntry, type HostsFile, parseHostsToml } from "./hosts-toml.ts";

/** One place where a registry's content can be asked for. */
export interface Route {
  /** Host and port it answers at: "mirror.example:5000". */
  readonly host: string;
  /** The addresses of its API's root, ending in "/v2" or whatever stands for it. Absent: found by the host's policy. */
  readonly root?: URL;
  /** The registry that the name itself says: it alone is shown the user's credentials. */
  readonly isOrigin: boolean;
  readonly capabilities: ReadonlySet<Capability>;
  readonly headers: Readonly<Record<string, string>>;
  /** What a mirror of several registries must know: which one is meant. */
  readonly namespace?: string;
  /** Changes what certs.d and `insecure-registries` say about the host. */
  readonly tls?: Partial<HostPolicy["tls"]>;
}

const READ: ReadonlySet<Capability> = new Set(["pull", "resolve"]);
const ALL: ReadonlySet<Capability> = new Set(["pull", "resolve", "push"]);
const HUB = "docker.io";

/**
 * Where to look for what a registry has, best first: the mirrors of daemon.json, those of the registry's hosts.toml,
 * the registry itself.
 * @param domain as in an image name: "docker.io", "quay.io", "127.0.0.1:5000"
 * @throws InvalidArgument when the hosts.toml cannot be understood
 */
export async function routesTo(domain: string, options: HostsOptions): Promise<readonly Route[]> {
  const { mirrors = [], fallback = true } = options.registries?.[domain] ?? {};
  const file = await readHostsFile(domain, options.certsDir);
  return [
    ...mirrors.map((mirror) => mirrorRoute(mirror, domain)),
    ...(await routesOf(file, domain)),
    ...(fallback ? [await originRoute(domain, file)] : []),
  ];
}

/**
 * Where a push to a registry goes: as with containerd to the first host of its hosts.toml that takes pushes, else to the
 * registry itself. There is one place only: half an image here and half of it there would be none.
 * @throws InvalidArgument when the hosts.toml cannot be understood, or lets nobody take pushes
 */
export async function pushRouteTo(domain: string, options: HostsOptions): Promise<Route> {
  const file = await readHostsFile(domain, options.certsDir);
  const routes = [...(await routesOf(file, domain)), await originRoute(domain, file)];
  const route = routes.find(({ capabilities }) => capabilities.has("push"));
  if (route) return route;
  throw new InvalidArgument(
    `cannot push to ${domain}: no host in ${file!.directory}/hosts.toml takes pushes`,
    {
      hint: 'add "push" to the capabilities of one',
    },
  );
}

function routesOf(file: FoundFile | undefined, domain: string): Promise<Route[]> {
  if (!file) return Promise.resolve([]);
  return Promise.all(file.file.mirrors.map((entry) => routeOf(entry, { ...file, domain, isOrigin: false })));
}

function mirrorRoute(mirror: string, domain: string): Route {
  const url = new URL(mirror);
  return {
    host: url.host,
    root: apiRoot(url),
    isOrigin: false,
    capabilities: READ,
    headers: {},
    // a mirror of Docker Hub, as dockerd knows them, serves nothing else
    ...(domain === HUB ? {} : { namespace: domain }),
  };
}

async function originRoute(domain: string, file: FoundFile | undefined): Promise<Route> {
  const host = registryHost(domain);
  const server = file?.file.server;
  if (!file || !server) return { host, isOrigin: true, capabilities: ALL, headers: {} };
  // somebody else's host in the registry's place is a mirror as far as credentials go
  const isOrigin = server.url.host === host || registryHost(server.url.host) === host;
  return await routeOf(server, { ...file, domain, isOrigin });
}

interface FoundFile {
  readonly directory: string;
  readonly file: HostsFile;
}

async function routeOf(
  entry: HostEntry,
  { directory, domain, isOrigin }: FoundFile & { readonly domain: string; readonly isOrigin: boolean },
): Promise<Route> {
  const read = (path: string) => readFile(resolve(directory, path), "utf8");
  const authorities = await Promise.all(entry.authorities.map(read));
  const tls = {
    ...(entry.skipsVerification ? { rejectUnauthorized: false } : {}),
    ...(authorities.length > 0 ? { ca: authorities.join("\n") } : {}),
    ...(entry.client ? { cert: await read(entry.client.cert), key: await read(entry.client.key) } : {}),
  };
  return {
    host: entry.url.host,
    root: entry.overridesPath ? entry.url : apiRoot(entry.url),
    isOrigin,
    capabilities: entry.capabilities,
    headers: entry.headers,
    ...(isOrigin ? {} : { namespace: domain }),
    ...(Object.keys(tls).length > 0 ? { tls } : {}),
  };
}

/** "https://mirror.example/prefix/" → "https://mirror.example/prefix/v2" */
function apiRoot(url: URL): URL {
  const root = new URL(url);
  const path = root.pathname.replace(/\/+$/, "");
  root.pathname = path.endsWith("/v2") ? path : `${path}/v2`;
  return root;
}

/** The registry's own file, else the one for all registries without. */
async function readHostsFile(domain: string, certsDir: string): Promise<FoundFile | undefined> {
  for (const name of [domain, "_default"]) {
    const directory = join(certsDir, name);
    const path = join(directory, "hosts.toml");
    try {
      return { directory, file: parseHostsToml(await readFile(path, "utf8"), path) };
    } catch (error) {
      if (!isErrno(error, "ENOENT") && !isErrno(error, "ENOTDIR")) throw error;
    }
  }
  return undefined;
}

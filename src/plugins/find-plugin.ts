import { readdirSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { InvalidArgument, messageOf } from "#base/errors.ts";
import { isErrno, readIfExists } from "#base/fs.ts";

/** Where plugins make themselves known, as Docker has it. */
export interface PluginDirectories {
  /** Sockets: NAME.sock or NAME/NAME.sock. */
  readonly sockets: string;
  /** Files that say where a plugin listens: NAME.spec, NAME.json, also in NAME/. */
  readonly specs: readonly string[];
}

export const PLUGIN_DIRECTORIES: PluginDirectories = {
  sockets: "/run/docker/plugins",
  specs: ["/etc/docker/plugins", "/usr/lib/docker/plugins"],
};

export interface PluginAddress {
  readonly name: string;
  /** "http://HOST:PORT" or "https://…"; for a socket the host means nothing. */
  readonly url: string;
  /** Absolute path; undefined for one that listens on a port, or on nothing yet. */
  readonly socket?: string | undefined;
  readonly tls?: PluginTls;
  /** As its administrator says; 0 and undefined: as long as each question may take. */
  readonly timeoutMs?: number;
}

/** Paths of PEM files. */
export interface PluginTls {
  readonly insecureSkipVerify: boolean;
  readonly caFile?: string;
  readonly certFile?: string;
  readonly keyFile?: string;
}

/** A name is part of paths: nothing but a plain one is looked for. */
const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.-]*$/;

/**
 * Sockets before files, as Docker looks.
 * @returns undefined where there is none
 * @throws InvalidArgument for a file that does not say where the plugin is
 */
export function findPlugin(directories: PluginDirectories, name: string): PluginAddress | undefined {
  if (!NAME.test(name)) return undefined;
  for (const path of bothPlaces(directories.sockets, name, ".sock"))
    if (isSocket(path)) return { name, url: "http://plugin", socket: path };
  for (const directory of directories.specs)
    for (const ending of [".spec", ".json"])
      for (const path of bothPlaces(directory, name, ending)) {
        const text = readIfExists(path);
        if (text !== undefined) return parseFile(name, path, text);
      }
  return undefined;
}

/** All that are there, whatever they are for; a file that says nothing useful counts as well. */
export function pluginNames(directories: PluginDirectories): string[] {
  const found = [
    ...namesIn(directories.sockets, [".sock"]),
    ...directories.specs.flatMap((directory) => namesIn(directory, [".spec", ".json"])),
  ];
  return [...new Set(found)].filter((name) => NAME.test(name)).sort();
}

function bothPlaces(directory: string, name: string, ending: string): string[] {
  return [join(directory, `${name}${ending}`), join(directory, name, `${name}${ending}`)];
}

function namesIn(directory: string, endings: readonly string[]): string[] {
  return entriesOf(directory).flatMap((entry) => {
    const ending = endings.find((one) => entry.name.endsWith(one));
    if (ending !== undefined) return [basename(entry.name, ending)];
    const inside = entry.isDirectory() ? entriesOf(join(directory, entry.name)) : [];
    return inside.some(({ name }) => endings.some((one) => name === `${entry.name}${one}`))
      ? [entry.name]
      : [];
  });
}

function entriesOf(directory: string) {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, "ENOENT") || isErrno(error, "ENOTDIR")) return [];
    throw error;
  }
}

function isSocket(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isSocket() ?? false;
}

function parseFile(name: string, path: string, text: string): PluginAddress {
  try {
    return path.endsWith(".json") ? parseJson(name, text) : { name, ...parseAddress(text.trim()) };
  } catch (error) {
    throw new InvalidArgument(`plugin ${name}: ${path}: ${messageOf(error)}`, { cause: error });
  }
}

function parseJson(name: string, text: string): PluginAddress {
  const { Addr, TLSConfig } = JSON.parse(text) as {
    Addr?: string;
    TLSConfig?: { InsecureSkipVerify?: boolean; CAFile?: string; CertFile?: string; KeyFile?: string };
  };
  const { url, ...rest } = parseAddress(Addr ?? "");
  if (!TLSConfig) return { name, url, ...rest };
  const { InsecureSkipVerify = false, CAFile, CertFile, KeyFile } = TLSConfig;
  return {
    name,
    url: url.replace(/^http:/, "https:"),
    ...rest,
    tls: {
      insecureSkipVerify: InsecureSkipVerify,
      ...(CAFile ? { caFile: CAFile } : {}),
      ...(CertFile ? { certFile: CertFile } : {}),
      ...(KeyFile ? { keyFile: KeyFile } : {}),
    },
  };
}

/** "unix:///path", "tcp://host:port", "http://…", "https://…". */
function parseAddress(text: string): { readonly url: string; readonly socket?: string } {
  const [, scheme = "", rest = ""] = /^([a-z]+):\/\/(.+)$/.exec(text) ?? [];
  if (scheme === "unix") return { url: "http://plugin", socket: rest };
  if (scheme === "tcp") return { url: `http://${rest}` };
  if (scheme === "http" || scheme === "https") return { url: `${scheme}://${rest}` };
  throw new Error(`"${text}" is no address: expected unix:///PATH or tcp://HOST:PORT`);
}

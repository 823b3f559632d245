import { CliError } from "./errors.ts";

/** The parts of Docker's `config.json` that matter here. Unknown keys are kept when the file is written. */
export interface ConfigFile {
  readonly auths?: Readonly<Record<string, StoredAuth>>;
  readonly credsStore?: string;
  /** Registry host to the name of its credential helper. */
  readonly credHelpers?: Readonly<Record<string, string>>;
  readonly currentContext?: string;
  readonly detachKeys?: string;
  /** Sent to the engine with every request. */
  readonly HttpHeaders?: Readonly<Record<string, string>>;
  /** Endpoint, or "default", to the proxies that containers get. */
  readonly proxies?: Readonly<Record<string, ProxyConfig>>;
  readonly psFormat?: string;
  readonly imagesFormat?: string;
  readonly networksFormat?: string;
  readonly volumesFormat?: string;
  readonly pluginsFormat?: string;
  readonly statsFormat?: string;
  readonly pruneFilters?: readonly string[];
}

export interface StoredAuth {
  /** Base64 of "user:password". */
  readonly auth?: string;
  readonly identitytoken?: string;
  readonly registrytoken?: string;
}

export interface ProxyConfig {
  readonly httpProxy?: string;
  readonly httpsProxy?: string;
  readonly noProxy?: string;
  readonly ftpProxy?: string;
  readonly allProxy?: string;
}

/** `--config`, DOCKER_CONFIG or ~/.docker. */
export function configDirectory(given: string, env: Readonly<Record<string, string | undefined>>): string {
  return given || env.DOCKER_CONFIG || `${env.HOME ?? "/root"}/.docker`;
}

/** @throws CliError when the file is there but cannot be understood */
export function readConfig(directory: string): ConfigFile {
  const path = `${directory}/config.json`;
  const text = readSmallFile(path);
  if (text === undefined) return {};
  try {
    return JSON.parse(text) as ConfigFile;
  } catch (error) {
    throw new CliError(`cannot read the configuration ${path}: ${(error as Error).message}`);
  }
}

/**
 * Mapped, not read: this is on the way of every command, and loading node:fs or waiting for Bun's file threads takes
 * most of a millisecond. Files that are written by rename, as this one is, can be mapped safely.
 */
function readSmallFile(path: string): string | undefined {
  try {
    return new TextDecoder().decode(Bun.mmap(path));
  } catch {
    return undefined; // absent, empty or not readable: the defaults hold
  }
}

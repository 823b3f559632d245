/** Named engines, kept below the configuration directory as Docker's client keeps them. */
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { sha256 } from "#base/digest.ts";
import { readIfExists, writeFileAtomic } from "#base/fs.ts";
import { parseEndpoint } from "#client/endpoint.ts";
import type { Endpoint, TlsMaterial } from "#client/types.ts";
import { DEFAULT_CONTEXT } from "./endpoint.ts";
import { CliError } from "./errors.ts";

/** What `meta.json` holds. */
export interface ContextMeta {
  readonly Name: string;
  readonly Metadata: { readonly Description?: string } & Readonly<Record<string, unknown>>;
  readonly Endpoints: { readonly docker?: { readonly Host?: string; readonly SkipTLSVerify: boolean } };
}

const TLS_FILES = ["ca.pem", "cert.pem", "key.pem"] as const;

/** Directories are named by the digest of the context's name, which may hold any character. */
export function contextId(name: string): string {
  return sha256(name).slice("sha256:".length);
}

export function metaDirectory(configDirectory: string, name: string): string {
  return `${configDirectory}/contexts/meta/${contextId(name)}`;
}

export function tlsDirectory(configDirectory: string, name: string): string {
  return `${configDirectory}/contexts/tls/${contextId(name)}`;
}

/** @throws CliError when there is no such context */
export function readContext(configDirectory: string, name: string): ContextMeta {
  const path = `${metaDirectory(configDirectory, name)}/meta.json`;
  const text = readIfExists(path);
  if (text === undefined)
    throw new CliError(
      `context ${JSON.stringify(name)}: context not found: open ${path}: no such file or directory`,
    );
  return JSON.parse(text) as ContextMeta;
}

/** All but the default one, by name. */
export function listContexts(configDirectory: string): ContextMeta[] {
  const root = `${configDirectory}/contexts/meta`;
  const found = entriesOf(root).map((id) => readIfExists(`${root}/${id}/meta.json`));
  return found
    .filter((text) => text !== undefined)
    .map((text) => JSON.parse(text) as ContextMeta)
    .sort((a, b) => (a.Name < b.Name ? -1 : 1));
}

function entriesOf(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return []; // nothing was ever kept there
  }
}

/** Names of the certificate files of a context's engine. */
export function tlsFilesOf(configDirectory: string, name: string): string[] {
  return entriesOf(`${tlsDirectory(configDirectory, name)}/docker`).sort();
}

/** @throws CliError when there is no such context or it names no engine */
export function contextEndpoint(configDirectory: string, name: string): Endpoint {
  const { Endpoints } = unresolvable(() => readContext(configDirectory, name));
  const host = Endpoints.docker?.Host;
  if (!host)
    throw new CliError(
      `unable to resolve docker endpoint: no docker endpoint defined in context ${JSON.stringify(name)}`,
    );
  return parseEndpoint(host, readTls(configDirectory, name, !Endpoints.docker?.SkipTLSVerify));
}

function unresolvable<T>(read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw new CliError(`unable to resolve docker endpoint: ${(error as Error).message}`);
  }
}

function readTls(configDirectory: string, name: string, verify: boolean): TlsMaterial | undefined {
  const [ca, cert, key] = TLS_FILES.map((file) =>
    readIfExists(`${tlsDirectory(configDirectory, name)}/docker/${file}`),
  );
  if (!ca && !cert && !key && verify) return undefined;
  return { verify, ...(ca ? { ca } : {}), ...(cert ? { cert } : {}), ...(key ? { key } : {}) };
}

/** @param tls file name to PEM text */
export function writeContext(
  configDirectory: string,
  meta: ContextMeta,
  tls: Readonly<Record<string, string>>,
): void {
  const directory = metaDirectory(configDirectory, meta.Name);
  mkdirSync(directory, { recursive: true, mode: 0o755 });
  const certificates = `${tlsDirectory(configDirectory, meta.Name)}/docker`;
  if (Object.keys(tls).length > 0) mkdirSync(certificates, { recursive: true, mode: 0o700 });
  for (const [file, content] of Object.entries(tls))
    writeFileAtomic(`${certificates}/${file}`, content, { mode: 0o600 });
  writeFileAtomic(`${directory}/meta.json`, JSON.stringify(meta));
}

export function removeContext(configDirectory: string, name: string): void {
  rmSync(metaDirectory(configDirectory, name), { recursive: true });
  rmSync(tlsDirectory(configDirectory, name), { recursive: true, force: true });
}

const NAME = /^[a-zA-Z0-9][a-zA-Z0-9_.+-]+$/;

/** @throws CliError for a name that cannot be given */
export function checkContextName(name: string): void {
  if (name === DEFAULT_CONTEXT)
    throw new CliError(`${JSON.stringify(DEFAULT_CONTEXT)} is a reserved context name`);
  if (!NAME.test(name))
    throw new CliError(
      `context name ${JSON.stringify(name)} is invalid, names are validated against regexp "${NAME.source}"`,
    );
}

/** Registry credentials: in `config.json`, or kept by a helper program `docker-credential-NAME`. */
import type { AuthConfig } from "#spec/docker/auth.ts";
import type { ConfigFile, StoredAuth } from "./config.ts";
import { definedOnly } from "./defined-only.ts";
import { CliError } from "./errors.ts";

/** The name under which Docker Hub's credentials are kept. */
export const HUB_SERVER = "https://index.docker.io/v1/";

/** A helper's user name for a token instead of a password. */
const TOKEN_USER = "<token>";

/** "docker.io" and its old names to HUB_SERVER, addresses to their host: the key credentials are kept under. */
export function credentialsKey(registry: string): string {
  const host = registry.replace(/^https?:\/\//, "").replace(/\/.*$/, "");
  return ["", "docker.io", "index.docker.io", "registry-1.docker.io"].includes(host) ? HUB_SERVER : host;
}

/** Where credentials are looked for: the configuration, and the environment that helpers run in. */
export interface CredentialSource {
  readonly config: ConfigFile;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** @param registry host, as in an image name */
export async function findCredentials(
  { config, env }: CredentialSource,
  registry: string,
): Promise<AuthConfig> {
  const key = credentialsKey(registry);
  const helper = helperFor(config, key);
  if (helper) {
    const answer = await callHelper({ helper, env }, "get", key);
    if (answer) return fromHelper(key, JSON.parse(answer));
  }
  const stored = findStored(config.auths ?? {}, key);
  return stored ? fromStored(key, stored) : {};
}

/** All of them, in the form of a client's configuration that keeps them itself. */
export async function allCredentials(source: CredentialSource): Promise<Record<string, AuthConfig>> {
  const { auths = {}, credHelpers = {} } = source.config;
  const found: Record<string, AuthConfig> = {};
  for (const key of new Set([...Object.keys(auths), ...Object.keys(credHelpers)]))
    found[key] = await findCredentials(source, key);
  return found;
}

/** The value of X-Registry-Auth: base64url with its padding, without which old engines read nothing. */
export async function registryAuthHeader(source: CredentialSource, registry: string): Promise<string> {
  const text = JSON.stringify(await findCredentials(source, registry));
  return Buffer.from(text).toString("base64").replaceAll("+", "-").replaceAll("/", "_");
}

export function helperFor(config: ConfigFile, key: string): string | undefined {
  return config.credHelpers?.[key] ?? (config.credsStore || undefined);
}

function findStored(auths: Readonly<Record<string, StoredAuth>>, key: string): StoredAuth | undefined {
  if (Object.hasOwn(auths, key)) return auths[key];
  return Object.entries(auths).find(([name]) => credentialsKey(name) === key)?.[1];
}

function fromStored(serveraddress: string, { auth, identitytoken, registrytoken }: StoredAuth): AuthConfig {
  if (registrytoken) return { registrytoken, serveraddress };
  const decoded = Buffer.from(auth ?? "", "base64").toString();
  const colon = decoded.indexOf(":");
  const user =
    colon < 0
      ? {}
      : { username: decoded.slice(0, colon), password: decoded.slice(colon + 1).replace(/\0+$/, "") };
  if (identitytoken)
    return { ...(user.username ? { username: user.username } : {}), identitytoken, serveraddress };
  return { ...user, serveraddress };
}

interface HelperAnswer {
  readonly Username: string;
  readonly Secret: string;
}

function fromHelper(serveraddress: string, { Username, Secret }: HelperAnswer): AuthConfig {
  return Username === TOKEN_USER
    ? { identitytoken: Secret, serveraddress }
    : { username: Username, password: Secret, serveraddress };
}

/** A helper program by its short name, with the environment it runs in. */
export interface Helper {
  readonly helper: string;
  readonly env: CredentialSource["env"];
}

/** @throws CliError with the helper's words */
export async function storeInHelper(helper: Helper, credentials: AuthConfig): Promise<void> {
  const { serveraddress, username, password, identitytoken } = credentials;
  const secret = identitytoken
    ? { Username: TOKEN_USER, Secret: identitytoken }
    : { Username: username, Secret: password };
  await callHelper(helper, "store", JSON.stringify({ ServerURL: serveraddress, ...secret }));
}

export async function eraseFromHelper(helper: Helper, key: string): Promise<void> {
  await callHelper(helper, "erase", key);
}

/** The helper's answer; undefined when it has nothing under this key. */
async function callHelper(
  { helper, env }: Helper,
  verb: "get" | "store" | "erase",
  input: string,
): Promise<string | undefined> {
  const { run } = await import("#base/spawn.ts");
  const program = `docker-credential-${helper}`;
  const path = Bun.which(program, { PATH: env.PATH ?? "" });
  if (path === null) {
    if (verb === "get") return undefined;
    throw new CliError(`cannot ${verb} credentials: ${program} is not installed`);
  }
  const { exitCode, stdout, stderr } = await run([path, verb], { input, env: definedOnly(env) });
  if (exitCode === 0) return stdout;
  const words = (stdout || stderr).trim();
  if (verb !== "store" && words.includes("credentials not found")) return undefined;
  const action = verb === "get" ? "getting" : "changing";
  throw new CliError(`error ${action} credentials - ${program}: ${words || `exit code ${exitCode}`}`);
}

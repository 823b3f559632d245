import { InvalidArgument } from "#base/errors.ts";

/** One host that serves a registry's content, as hosts.toml describes it. */
export interface HostEntry {
  readonly url: URL;
  readonly capabilities: ReadonlySet<Capability>;
  /** The URL's path is the API's root itself; otherwise "/v2" is added. */
  readonly overridesPath: boolean;
  readonly skipsVerification: boolean;
  /** Paths of PEM files, relative to the directory of the file. */
  readonly authorities: readonly string[];
  readonly client: { readonly cert: string; readonly key: string } | undefined;
  /** Sent with every request to this host and to no other. */
  readonly headers: Readonly<Record<string, string>>;
}

export type Capability = "pull" | "resolve" | "push";

export interface HostsFile {
  /** Asked in this order. */
  readonly mirrors: readonly HostEntry[];
  /** The registry itself, where the file says something about it. */
  readonly server: HostEntry | undefined;
}

const CAPABILITIES: readonly string[] = ["pull", "resolve", "push"] satisfies Capability[];
const HOST_KEYS = ["capabilities", "ca", "client", "skip_verify", "header", "override_path"];

/**
 * Reads the text of a hosts.toml, containerd's description of a registry's mirrors.
 * @see https://github.com/containerd/containerd/blob/main/docs/hosts.md
 * @throws InvalidArgument naming the file and the key: what is not understood is refused, not passed over
 */
export function parseHostsToml(text: string, path: string): HostsFile {
  const fail = (reason: string) => new InvalidArgument(`${path}: ${reason}`);
  let document: Record<string, unknown>;
  try {
    document = Bun.TOML.parse(text) as Record<string, unknown>;
  } catch (error) {
    throw new InvalidArgument(`${path}: it is no TOML: ${(error as Error).message}`, { cause: error });
  }
  const { server, host = {}, ...ofServer } = document;
  if (!isTable(host)) throw fail("host is no table");
  if (server !== undefined && typeof server !== "string") throw fail("server is no text");
  if (server === undefined && Object.keys(ofServer).length > 0)
    throw fail(`${Object.keys(ofServer)[0]} is said of no server`);
  const mirrors = Object.entries(host).map(([url, table]) => {
    if (!isTable(table)) throw fail(`host ${JSON.stringify(url)} is no table`);
    return hostEntry(url, table, fail);
  });
  return { mirrors, server: server === undefined ? undefined : hostEntry(server, ofServer, fail) };
}

type Fail = (reason: string) => InvalidArgument;

function hostEntry(text: string, table: Record<string, unknown>, fail: Fail): HostEntry {
  const what = (key: string) => `${key} of ${JSON.stringify(text)}`;
  const unknown = Object.keys(table).find((key) => !HOST_KEYS.includes(key));
  if (unknown !== undefined) throw fail(`${what(unknown)} is not supported`);
  const address = text.includes("://") ? text : `https://${text}`;
  if (!URL.canParse(address) || !/^https?:\/\//i.test(address))
    throw fail(`${JSON.stringify(text)} is no HTTP address`);
  const url = new URL(address);
  if (url.username || url.password || url.search || url.hash)
    throw fail(
      `${JSON.stringify(`${url.origin}${url.pathname}`)} must be an address alone, without user or query`,
    );
  const { capabilities = CAPABILITIES, ca = [], client, header = {} } = table;
  if (!isTexts(capabilities) || !capabilities.every((one) => CAPABILITIES.includes(one)))
    throw fail(`${what("capabilities")} must be a list of ${CAPABILITIES.join(", ")}`);
  const authorities = typeof ca === "string" ? [ca] : ca;
  if (!isTexts(authorities)) throw fail(`${what("ca")} must be a path or a list of paths`);
  return {
    url,
    capabilities: new Set(capabilities as Capability[]),
    overridesPath: yesNo(table.override_path, what("override_path"), fail),
    skipsVerification: yesNo(table.skip_verify, what("skip_verify"), fail),
    authorities,
    client: clientPair(client, what("client"), fail),
    headers: headers(header, what("header"), fail),
  };
}

function yesNo(value: unknown, what: string, fail: Fail): boolean {
  if (value === undefined) return false;
  if (typeof value !== "boolean") throw fail(`${what} must be true or false`);
  return value;
}

/** "both.pem", ["both.pem"], ["cert", "key"] or [["cert", "key"]]; more than one pair cannot be shown to one server. */
function clientPair(value: unknown, what: string, fail: Fail): HostEntry["client"] {
  if (value === undefined) return undefined;
  if (typeof value === "string") return { cert: value, key: value };
  const wrong = fail(`${what} must be a path or one pair of paths`);
  if (!Array.isArray(value) || value.length === 0) throw wrong;
  const pair: unknown = Array.isArray(value[0]) && value.length === 1 ? value[0] : value;
  if (!isTexts(pair) || pair.length > 2) throw wrong;
  return { cert: pair[0]!, key: pair[1] || pair[0]! };
}

function headers(value: unknown, what: string, fail: Fail): Record<string, string> {
  if (!isTable(value)) throw fail(`${what} is no table`);
  return Object.fromEntries(
    Object.entries(value).map(([name, given]) => {
      const texts = typeof given === "string" ? [given] : given;
      const isFine = /^[\w!#$%&'*+.^`|~-]+$/.test(name) && isTexts(texts) && !/[\r\n\0]/.test(texts.join());
      if (!isFine) throw fail(`${what}: ${JSON.stringify(name)} is no header`);
      return [name, (texts as string[]).join(", ")];
    }),
  );
}

function isTable(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is readonly string[] {
  return Array.isArray(value) && value.every((item) => typeof item === "string");
}

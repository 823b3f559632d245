import { BlockList, isIP } from "node:net";

/** Where requests go through; each as the environment variable of the same name says it. */
export interface ProxySettings {
  /** For "http:" addresses: "http://user:password@proxy.example:3128"; "" for none. */
  readonly http: string;
  /** For "https:" addresses. */
  readonly https: string;
  /** Hosts that are reached directly, separated by commas: names, addresses, CIDRs, each with or without a port; "*". */
  readonly no: string;
}

/**
 * The proxy for an address, by the rules of Go's `http.ProxyFromEnvironment`, which administrators know from dockerd:
 * this machine itself is always reached directly; "example.com" stands also for what is below it, ".example.com" and
 * "*.example.com" only for that.
 * @returns undefined for none
 */
export function proxyFor(url: URL, settings: ProxySettings): string | undefined {
  const proxy = url.protocol === "https:" ? settings.https : settings.http;
  if (proxy === "" || isDirect(url, settings.no)) return undefined;
  return proxy.includes("://") ? proxy : `http://${proxy}`;
}

function isDirect(url: URL, rules: string): boolean {
  const host = url.hostname.replace(/^\[|\]$/g, "").toLowerCase();
  if (host === "localhost" || host === "::1" || (isIP(host) === 4 && host.startsWith("127."))) return true;
  const port = url.port || (url.protocol === "https:" ? "443" : "80");
  return rules
    .split(",")
    .map((rule) => rule.trim().toLowerCase())
    .some((rule) => rule !== "" && matches(rule, host, port));
}

function matches(rule: string, host: string, port: string): boolean {
  if (rule === "*") return true;
  if (rule.includes("/")) return isWithin(rule, host);
  const [, name, wantedPort] = /^(\[[^\]]*\]|[^:]*|[0-9a-f:]*)(?::(\d+))?$/.exec(rule) ?? [];
  if (name === undefined || (wantedPort !== undefined && wantedPort !== port)) return false;
  const bare = name.replace(/^\[|\]$/g, "");
  if (isIP(bare) || isIP(host)) return bare === host;
  const below = bare.replace(/^\*/, "");
  if (below.startsWith(".")) return host.endsWith(below);
  return host === below || host.endsWith(`.${below}`);
}

function isWithin(cidr: string, host: string): boolean {
  const [address, prefix] = cidr.split("/") as [string, string];
  const family = isIP(address);
  const bits = Number(prefix);
  const fits = /^\d{1,3}$/.test(prefix) && bits <= (family === 6 ? 128 : 32);
  if (family === 0 || isIP(host) !== family || !fits) return false;
  const range = new BlockList();
  range.addSubnet(address, bits, family === 6 ? "ipv6" : "ipv4");
  return range.check(host, family === 6 ? "ipv6" : "ipv4");
}

/** As `info` may show it: credentials are nobody's business. */
export function withoutCredentials(proxy: string): string {
  return proxy.replace(/^([a-z]+:\/\/)?[^/@]*@/i, "$1xxxxx:xxxxx@");
}

import { type Dirent, readdirSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { BlockList, isIP } from "node:net";
import { join } from "node:path";
import { InvalidArgument } from "#base/errors.ts";
import { isErrno } from "#base/fs.ts";
import type { RegistryMirrors } from "./mirror.ts";
import { isLoopback } from "./realm.ts";

/** How to talk to one host. */
export interface HostPolicy {
  /** Plain HTTP and certificates of unknown authorities are accepted. */
  readonly insecure: boolean;
  readonly tls: TlsOptions;
}

/** As Bun's `fetch` takes them. */
export interface TlsOptions {
  readonly rejectUnauthorized: boolean;
  /** PEM, all trusted authorities; absent: the runtime's own list. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
}

export interface HostsOptions {
  /** What was said about single registries, by the domain in their images' names ("docker.io", "quay.io"). */
  readonly registries?: Readonly<Record<string, RegistryMirrors>>;
  /** Host names, addresses with or without port, and CIDRs, as dockerd's `insecure-registries`. */
  readonly insecureRegistries: readonly string[];
  /** Directory with one folder for each host ("registry.example:5000"), as Docker's certs.d; it need not exist. */
  readonly certsDir: string;
  /** Addresses of a name, for the CIDRs among `insecureRegistries`. */
  readonly lookup: (hostname: string) => Promise<readonly string[]>;
}

/**
 * The rules for a host ("registry.example", "127.0.0.1:5000"). A loopback registry may be insecure without being
 * listed, unless certs.d holds an authority for it. Docker also accepts any *name* that resolves to loopback; we
 * accept only "localhost" and addresses, since whoever answers DNS would otherwise choose whether TLS is checked.
 * @throws InvalidArgument when certs.d holds a client certificate without its key or the reverse
 */
export async function hostPolicy(host: string, options: HostsOptions): Promise<HostPolicy> {
  const own = await readCertificates(host, options.certsDir);
  const isLocal = isLoopback(hostnameOf(host)) && own.authorities.length === 0;
  const insecure = isLocal || (await isListed(host, options));
  const ca = [...(await systemAuthorities()), ...own.authorities].join("\n");
  return {
    insecure,
    tls: {
      rejectUnauthorized: !insecure,
      ...(ca ? { ca } : {}),
      ...(own.client ? { cert: own.client.cert, key: own.client.key } : {}),
    },
  };
}

function hostnameOf(host: string): string {
  return host.replace(/:\d+$/, "");
}

async function isListed(host: string, { insecureRegistries, lookup }: HostsOptions): Promise<boolean> {
  const hostname = hostnameOf(host);
  if (insecureRegistries.includes(host) || insecureRegistries.includes(hostname)) return true;
  const ranges = rangesOf(insecureRegistries);
  if (ranges.rules.length === 0) return false;
  const bare = hostname.replace(/^\[|\]$/g, "");
  const addresses = isIP(bare) ? [bare] : await lookup(bare).catch(() => []);
  return addresses.some((address) => ranges.check(address, isIP(address) === 6 ? "ipv6" : "ipv4"));
}

function rangesOf(entries: readonly string[]): BlockList {
  const ranges = new BlockList();
  for (const entry of entries) {
    const [address, prefix] = entry.split("/") as [string, string?];
    if (prefix === undefined || !isIP(address)) continue;
    ranges.addSubnet(address, Number(prefix), isIP(address) === 6 ? "ipv6" : "ipv4");
  }
  return ranges;
}

/** Where distributions keep the trusted authorities; the first that exists is used. */
const SYSTEM_BUNDLES = [
  "/etc/ssl/certs/ca-certificates.crt",
  "/etc/pki/tls/certs/ca-bundle.crt",
  "/etc/ssl/ca-bundle.pem",
  "/etc/ssl/cert.pem",
];

async function systemAuthorities(): Promise<string[]> {
  for (const path of SYSTEM_BUNDLES) {
    const text = await readFile(path, "utf8").catch(() => undefined);
    if (text) return [text];
  }
  return [];
}

interface Certificates {
  readonly authorities: readonly string[];
  readonly client: { readonly cert: string; readonly key: string } | undefined;
}

/** certs.d: `*.crt` are authorities, `NAME.cert` with `NAME.key` is the client's own certificate. */
async function readCertificates(host: string, certsDir: string): Promise<Certificates> {
  const directory = join(certsDir, host);
  const names = fileNames(directory);
  const read = (name: string) => readFile(join(directory, name), "utf8");
  const authorities = await Promise.all(names.filter((name) => name.endsWith(".crt")).map(read));
  const certName = names.find((name) => name.endsWith(".cert"));
  const keyName = names.find((name) => name.endsWith(".key"));
  if (!certName && !keyName) return { authorities, client: undefined };
  const stem = (certName ?? keyName)!.replace(/\.(?:cert|key)$/, "");
  if (!names.includes(`${stem}.cert`) || !names.includes(`${stem}.key`))
    throw new InvalidArgument(
      certName
        ? `missing key ${stem}.key for client certificate ${certName}. CA certificates must use the extension .crt`
        : `missing client certificate ${stem}.cert for key ${keyName}`,
    );
  return { authorities, client: { cert: await read(`${stem}.cert`), key: await read(`${stem}.key`) } };
}

function fileNames(directory: string): string[] {
  let entries: Dirent[];
  try {
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    if (isErrno(error, "ENOENT")) return [];
    throw error;
  }
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) => entry.name)
    .sort();
}

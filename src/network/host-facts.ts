import { readIfExists } from "#base/fs.ts";
import { type IpPrefix, parseCidr, parseIp, prefixOf } from "#base/ip.ts";
import type { Log } from "#base/log.ts";
import type { Kernel } from "#kernel/types.ts";
import { isStub, nameserversOf } from "./files/resolv-conf.ts";
import { type AddressPool, uniqueLocalPool } from "./ipam/pools.ts";
import type { NetworkOptions } from "./options.ts";
import type { NetworkRecords } from "./records.ts";

/** What a new subnet must not hide: live routes of the host, but those by `exceptLink`, and its name servers. */
export function prefixesInUse(kernel: Pick<Kernel, "host">, exceptLink?: number): IpPrefix[] {
  const routes = kernel.host
    .routes("all")
    .filter(({ linkIndex }) => linkIndex === undefined || linkIndex !== exceptLink)
    .map(({ destination }) => parseCidr(destination)?.prefix);
  const nameservers = nameserversOf(hostResolvConf()).map((text) => {
    const ip = parseIp(text);
    return ip && prefixOf(ip, ip.family === 4 ? 32 : 128);
  });
  return [...routes, ...nameservers].filter(
    (prefix): prefix is IpPrefix => prefix !== undefined && prefix.length > 0,
  );
}

/** The host's resolv.conf; behind a local stub, the file that names its real upstreams. */
export function hostResolvConf(): string {
  const text = readIfExists("/etc/resolv.conf") ?? "";
  return isStub(text) ? (readIfExists("/run/systemd/resolve/resolv.conf") ?? text) : text;
}

/** This host's own IPv6 prefix, chosen at first use and kept for ever. */
export function ownUniqueLocalPool({ hostFacts }: Pick<NetworkRecords, "hostFacts">): AddressPool {
  const known = hostFacts.get("host");
  if (known) return uniqueLocalPool(known.globalId);
  const globalId = Buffer.from(crypto.getRandomValues(new Uint8Array(5))).toString("hex");
  hostFacts.put({ key: "host", globalId });
  return uniqueLocalPool(globalId);
}

export interface ForwardingDeps {
  readonly kernel: Pick<Kernel, "host" | "sysctl">;
  readonly options: Pick<NetworkOptions, "ipForward">;
  readonly log: Log;
}

/** Lets the kernel route for containers, unless the daemon was told not to. */
export function enableForwarding({ kernel, options, log }: ForwardingDeps, family: 4 | 6): void {
  if (!options.ipForward) return;
  const key = family === 4 ? "net/ipv4/ip_forward" : "net/ipv6/conf/all/forwarding";
  if (kernel.sysctl.get(key) === "1") return;
  if (family === 6) keepRouterAdvertisements(kernel);
  if (kernel.sysctl.set(key, "1")) log.info("turned on forwarding of packets", { key });
  else log.warn("cannot turn on forwarding: containers reach nothing beyond this host", { key });
}

/** A host that forwards stops listening to its router, and would lose its own way out, unless told 2: listen anyway. */
function keepRouterAdvertisements(kernel: Pick<Kernel, "host" | "sysctl">): void {
  for (const { name } of kernel.host.links()) {
    const key = `net/ipv6/conf/${name}/accept_ra`;
    if (kernel.sysctl.get(key) === "1") kernel.sysctl.set(key, "2");
  }
}

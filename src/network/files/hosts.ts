import { InvalidArgument } from "#base/errors.ts";
import { parseIp } from "#base/ip.ts";
import type { IpAddress } from "#kernel/types.ts";
import type { EndpointRecord, LinkedHost } from "../types.ts";

export interface HostsText {
  /** What stands first: `LOCALHOST_LINES`, or the host's own file for a container in the host's network. */
  readonly base: string;
  readonly hostname: string;
  readonly domainname: string;
  readonly endpoints: readonly Pick<EndpointRecord, "ipv4" | "ipv6">[];
  /** "name:address"; the address may be IPv6, with or without brackets, or "host-gateway". */
  readonly extraHosts: readonly string[];
  readonly hostGateway: readonly IpAddress[];
  readonly linked?: readonly LinkedHost[];
  /** Names of the host that are there unless the user gives them another address. */
  readonly hostNames: readonly string[];
  readonly hostNameAddresses: readonly IpAddress[];
}

export const LOCALHOST_LINES = `127.0.0.1\tlocalhost
::1\tlocalhost ip6-localhost ip6-loopback
fe00::\tip6-localnet
ff00::\tip6-mcastprefix
ff02::1\tip6-allnodes
ff02::2\tip6-allrouters
`;

/**
 * Text of a container's /etc/hosts, in Docker's order: localhost, what the user added, the container itself. Names of
 * the host come last, which Docker has only in its desktop edition.
 * @throws InvalidArgument for an extra host without a name or with an address that is none
 */
export function hostsText(request: HostsText): string {
  const extra = request.extraHosts.flatMap((text) => extraHostLines(text, request.hostGateway));
  const linked = (request.linked ?? []).map(({ address, names }) => `${address}\t${names.join(" ")}`);
  const names = hostNames(request.hostname, request.domainname);
  const own = request.endpoints.flatMap(({ ipv4, ipv6 }) =>
    [ipv4, ipv6].filter((address) => address !== undefined).map(({ address }) => `${address}\t${names}`),
  );
  const added = new Set(request.extraHosts.map((text) => text.slice(0, text.indexOf(":"))));
  const free = request.hostNames.filter((name) => !added.has(name)).join(" ");
  const host = free === "" ? [] : request.hostNameAddresses.map((address) => `${address}\t${free}`);
  const base = request.base === "" || request.base.endsWith("\n") ? request.base : `${request.base}\n`;
  return base + [...extra, ...linked, ...own, ...host].map((line) => `${line}\n`).join("");
}

function extraHostLines(text: string, hostGateway: readonly IpAddress[]): string[] {
  const colon = text.indexOf(":");
  const name = text.slice(0, colon);
  const address = text.slice(colon + 1).replace(/^\[(.*)\]$/, "$1");
  if (colon < 1 || !/^[^\s#]+$/.test(name)) throw new InvalidArgument(`bad format for add-host: "${text}"`);
  if (address !== "host-gateway") {
    if (!parseIp(address)) throw new InvalidArgument(`invalid IP address in add-host: "${address}"`);
    return [`${address}\t${name}`];
  }
  if (hostGateway.length === 0)
    throw new InvalidArgument("unable to derive the IP value for host-gateway", {
      hint: "there is no default network; set host-gateway-ips in the daemon's configuration",
    });
  return hostGateway.map((gateway) => `${gateway}\t${name}`);
}

/** The full name and its first label, wherever the user put the dot. */
function hostNames(hostname: string, domainname: string): string {
  const full = domainname === "" ? hostname : `${hostname}.${domainname}`;
  const dot = full.indexOf(".");
  return dot < 0 ? full : `${full} ${full.slice(0, dot)}`;
}

import type { IpAddress } from "#kernel/types.ts";
import { parseLink } from "#spec/docker/links.ts";
import { isPredefined } from "../create-request.ts";
import { driverNamed } from "../drivers/all.ts";
import { bridgeAddresses } from "../plan/bridge.ts";
import type { EndpointRecord, NetworkRecord, SandboxRecord } from "../types.ts";
import { NAME_SERVER_ADDRESS, type SandboxView, type ViewEndpoint } from "./types.ts";

/** Names of the host, in every network. */
export const HOST_NAMES: readonly string[] = ["host.docker.internal", "host.wharf.internal"];

/** Whether containers find each other by name in a network. Not in the default one, as in Docker. */
export function hasNames(network: NetworkRecord): boolean {
  return driverNamed(network.driver).hasAddresses && !isPredefined(network.name);
}

/**
 * Pure: what the name server should know of a container; undefined when none of its networks has names.
 * @param hostAddresses of the host, as the container reaches it
 */
export function viewOf(
  sandbox: SandboxRecord,
  networks: readonly NetworkRecord[],
  hostAddresses: readonly IpAddress[],
): SandboxView | undefined {
  const byId = new Map(networks.map((network) => [network.id, network]));
  const named = sandbox.endpoints.filter(({ networkId }) => {
    const network = byId.get(networkId);
    return network !== undefined && hasNames(network);
  });
  if (sandbox.netnsPath === "" || named.length === 0) return undefined;
  const isCutOff = sandbox.endpoints.every(({ networkId }) => byId.get(networkId)?.internal);
  return {
    id: sandbox.containerId,
    netnsPath: sandbox.netnsPath,
    endpoints: named.map((endpoint, index) => viewEndpoint(endpoint, sandbox, index === 0)),
    fixed: Object.fromEntries(HOST_NAMES.map((name) => [name, hostAddresses])),
    resolvers: isCutOff ? [] : resolversOf(sandbox),
  };
}

function resolversOf({ dns = [] }: SandboxRecord): SandboxView["resolvers"] {
  return dns.length > 0 ? dns.filter((address) => address !== NAME_SERVER_ADDRESS) : "host";
}

function viewEndpoint(endpoint: EndpointRecord, sandbox: SandboxRecord, isFirst: boolean): ViewEndpoint {
  const links = [...(endpoint.settings.Links ?? []), ...(isFirst ? (sandbox.links ?? []) : [])];
  return {
    networkId: endpoint.networkId,
    networkName: endpoint.networkName,
    names: endpointNames(endpoint, sandbox.hostname).map((name) => name.toLowerCase()),
    addresses: [endpoint.ipv4?.address, endpoint.ipv6?.address].filter((address) => address !== undefined),
    links: Object.fromEntries(links.map(nameAndAlias)),
    ...(sandbox.exposed && sandbox.exposed.length > 0 ? { services: sandbox.exposed } : {}),
  };
}

/** As inspect lists them: name, aliases, short id, host name. */
export function endpointNames(endpoint: EndpointRecord, hostname: string | undefined): string[] {
  const { containerName, containerId, aliases } = endpoint;
  return [...new Set([containerName, ...aliases, containerId.slice(0, 12), ...(hostname ? [hostname] : [])])];
}

/** "web:db": web is called db here. */
function nameAndAlias(link: string): [alias: string, name: string] {
  const { alias, target } = parseLink(link);
  return [alias.toLowerCase(), target.toLowerCase()];
}

export interface HostAddressSources {
  /** What the configuration says; empty: nothing. */
  readonly given: readonly IpAddress[];
  readonly defaultNetwork: NetworkRecord | undefined;
  /** The container's own. */
  readonly networks: readonly NetworkRecord[];
}

/**
 * Pure: where a container reaches the host: on the default network's bridge, as Docker has it, or, where no network leads
 * out, on its own.
 */
export function hostAddressesFor(
  sandbox: Pick<SandboxRecord, "endpoints">,
  { given, defaultNetwork, networks }: HostAddressSources,
): readonly IpAddress[] {
  if (given.length > 0) return given;
  const leadsOut = sandbox.endpoints.some(({ ipv4, ipv6 }) => ipv4?.gateway ?? ipv6?.gateway);
  const network = leadsOut && defaultNetwork ? defaultNetwork : networks.find(hasNames);
  return network ? bridgeAddresses(network).map(({ address }) => address) : [];
}

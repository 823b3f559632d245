import { parseIp } from "#base/ip.ts";
import type { LinkStep } from "#kernel/types.ts";
import type { EndpointRecord } from "../types.ts";
import type { BridgeSettings } from "./options.ts";
import type { NetStep, VethStep } from "./steps.ts";

export interface EndpointPlanRequest {
  readonly settings: BridgeSettings;
  readonly defaultMtu: number;
  readonly endpoint: EndpointRecord;
  readonly netnsPath: string;
  readonly endsWith: VethStep["endsWith"];
  /** Where no rule can keep containers of a bridge apart, its ports do, and leave no way for published ports between them. */
  readonly isolatesPorts: boolean;
}

/** Pure: what joins one container to a bridge, up to its addresses; the default route is the sandbox's affair. */
export function planEndpoint(request: EndpointPlanRequest): NetStep[] {
  const { settings, endpoint, netnsPath } = request;
  return [
    {
      op: "veth",
      host: endpoint.hostInterfaceName,
      bridge: settings.bridge,
      netns: netnsPath,
      peer: endpoint.interfaceName,
      mac: endpoint.mac,
      mtu: settings.mtu ?? request.defaultMtu,
      endsWith: request.endsWith,
    },
    {
      op: "bridge-port",
      link: endpoint.hostInterfaceName,
      hairpin: true,
      isolated: !settings.icc && request.isolatesPorts,
      station: endpoint.mac,
    },
    ...ipv6Switches(endpoint, netnsPath),
    { op: "links", netns: netnsPath, steps: interfaceSteps(endpoint) },
  ];
}

/** A container must neither have IPv6 where its network has none, nor believe a neighbour that says it is the router. */
export function ipv6Switches(endpoint: EndpointRecord, netns: string): NetStep[] {
  const directory = `net/ipv6/conf/${endpoint.interfaceName}`;
  if (!endpoint.ipv6) return [{ op: "sysctl", netns, key: `${directory}/disable_ipv6`, value: "1" }];
  return [
    { op: "sysctl", netns, key: `${directory}/disable_ipv6`, value: "0" },
    { op: "sysctl", netns, key: `${directory}/accept_ra`, value: "0" },
  ];
}

export function interfaceSteps(endpoint: EndpointRecord): LinkStep[] {
  const link = endpoint.interfaceName;
  const addresses = [
    ...[endpoint.ipv4, endpoint.ipv6].filter((address) => address !== undefined),
    ...linkLocalAddresses(endpoint),
  ];
  return [
    { op: "up", link },
    ...addresses.map(
      ({ address, prefixLength }): LinkStep => ({ op: "address", link, address, prefixLength }),
    ),
  ];
}

/** Further addresses a user gives an interface, for its own link: as wide as such addresses are. */
function linkLocalAddresses({ settings }: EndpointRecord) {
  return (settings.IPAMConfig?.LinkLocalIPs ?? []).map((address) => ({
    address,
    prefixLength: parseIp(address)?.family === 6 ? 64 : 16,
  }));
}

/** The next name of this prefix that no endpoint has: "eth0", "eth1", … */
export function nextInterfaceName(prefix: string, endpoints: readonly EndpointRecord[]): string {
  const names = new Set(endpoints.map((endpoint) => endpoint.interfaceName));
  let index = 0;
  while (names.has(`${prefix}${index}`)) index++;
  return `${prefix}${index}`;
}

/**
 * The host's end of the pair. The kernel takes a dropped namespace's pairs down some time later, so a name must never
 * come twice; eleven digits of a random id see to that, and tell our links from others' on a shared bridge.
 */
export function hostInterfaceName(endpointId: string): string {
  return `veth${endpointId.slice(0, 11)}`;
}

export const HOST_INTERFACE_NAME = /^veth[0-9a-f]{11}$/;

/** From the address, so that neighbours who remember it are right; from the endpoint's id without an IPv4 address. */
export function endpointMac(endpointId: string, ipv4: string | undefined): string {
  const value = ipv4 ? parseIp(ipv4)!.value.toString(16).padStart(8, "0") : endpointId.slice(0, 8);
  return ["02", "42", ...value.match(/../g)!].join(":");
}

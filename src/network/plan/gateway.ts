import type { IpFamily } from "#base/ip.ts";
import type { IpAddress, LinkStep } from "#kernel/types.ts";
import type { EndpointRecord, Publishing } from "../types.ts";

/**
 * The endpoint a container reaches the world by: the highest priority, then the network's name, as Docker chooses.
 * Undefined when no network of this family leads out.
 */
export function gatewayEndpoint(
  endpoints: readonly EndpointRecord[],
  family: IpFamily,
): EndpointRecord | undefined {
  const leadingOut = endpoints.filter((endpoint) => leadsOut(endpoint, family));
  return leadingOut.sort(byPreference)[0];
}

/** Where packets for the container's published ports go, by family. */
export function portTargets(endpoints: readonly EndpointRecord[]): PortTargets {
  return addressesBy(endpoints, "translated");
}

/** Where the container's published ports are open without a port of the host. */
export function exposedTargets(endpoints: readonly EndpointRecord[]): PortTargets {
  return addressesBy(endpoints, "exposed");
}

function addressesBy(endpoints: readonly EndpointRecord[], publishing: Publishing): PortTargets {
  const addressOf = (family: IpFamily) => {
    const endpoint = gatewayEndpoint(endpoints, family);
    if ((endpoint?.publishing?.[family] ?? "translated") !== publishing) return undefined;
    return (family === 4 ? endpoint?.ipv4 : endpoint?.ipv6)?.address;
  };
  return { 4: addressOf(4), 6: addressOf(6) };
}

export type PortTargets = Readonly<Record<IpFamily, IpAddress | undefined>>;

/**
 * The default routes of a container after a change of its endpoints: those that are new or lead elsewhere than before.
 * Routes of an interface that went away went with it.
 */
export function planDefaultRoutes(
  before: readonly EndpointRecord[],
  after: readonly EndpointRecord[],
): LinkStep[] {
  return ([4, 6] as const).flatMap((family): LinkStep[] => {
    const endpoint = gatewayEndpoint(after, family);
    if (!endpoint || endpoint.id === gatewayEndpoint(before, family)?.id) return [];
    return [
      {
        op: "route",
        link: endpoint.interfaceName,
        destination: family === 4 ? "0.0.0.0/0" : "::/0",
        ...gatewayPart(gatewayOf(endpoint, family)),
        replace: true,
      },
    ];
  });
}

function gatewayOf(endpoint: EndpointRecord, family: IpFamily): IpAddress | undefined {
  return (family === 4 ? endpoint.ipv4 : endpoint.ipv6)?.gateway;
}

function leadsOut(endpoint: EndpointRecord, family: IpFamily): boolean {
  const hasAddress = (family === 4 ? endpoint.ipv4 : endpoint.ipv6) !== undefined;
  return gatewayOf(endpoint, family) !== undefined || (endpoint.routesByLink === true && hasAddress);
}

function gatewayPart(gateway: IpAddress | undefined): { readonly gateway?: IpAddress } {
  return gateway === undefined ? {} : { gateway };
}

function byPreference(a: EndpointRecord, b: EndpointRecord): number {
  const priority = (b.settings.GwPriority ?? 0) - (a.settings.GwPriority ?? 0);
  if (priority !== 0) return priority;
  return a.networkName < b.networkName ? -1 : 1;
}

import type { FirewallElement, IpAddress } from "#kernel/types.ts";
import type { EndpointPlanRequest } from "../plan/endpoint.ts";
import type { NetStep } from "../plan/steps.ts";
import type { EndpointRecord, NetworkRecord, Publishing } from "../types.ts";

/**
 * One kind of network. A driver decides with values only: it checks a network's options before anything is made, and
 * plans the steps that `apply.ts` does. Undoing those steps in reverse is how networks and endpoints go away.
 */
export interface NetworkDriver {
  /** As in the API: "bridge". */
  readonly name: string;
  /** Whether users may make networks of this kind; the others exist once and are predefined. */
  readonly canCreate: boolean;
  /** Whether its networks have subnets and its endpoints addresses. */
  readonly hasAddresses: boolean;
  /** Whether its containers have a network namespace of their own. */
  readonly hasSandbox: boolean;
  /** @throws InvalidArgument naming the option and what it may be */
  check(network: NetworkRecord): void;
  /** The link it needs on the host, which no other network may have; undefined: none. */
  hostLink(network: NetworkRecord): string | undefined;
  /** A card of the host that no other network may use; undefined: none. */
  parent?(network: NetworkRecord): string | undefined;
  /** Its networks have no router: everything is on the link. */
  routesByLink?(network: NetworkRecord): boolean;
  /** Host side of `-p` without an address; undefined: the daemon's default. */
  hostBinding(network: NetworkRecord): IpAddress | undefined;
  /** More than one subnet of a family. */
  readonly takesSeveralSubnets?: boolean;
  /** The host has no address in it, and nobody else is asked to be its router. */
  isWithoutGateway?(network: NetworkRecord, family: 4 | 6): boolean;
  publishing(network: NetworkRecord, family: 4 | 6): Publishing;
  /** "eth" for "eth0", "eth1". */
  interfacePrefix(network: NetworkRecord): string;
  /** What the network needs on this host; done again at every start of the engine, so what is there already stays. */
  planNetwork(network: NetworkRecord, defaults: { readonly mtu: number }): NetStep[];
  planEndpoint(network: NetworkRecord, request: EndpointRequest): NetStep[];
  /** What it adds to the firewall's sets. */
  rules(network: NetworkRecord): FirewallElement[];
  /** What an endpoint in it adds besides its published ports. */
  endpointRules(
    network: NetworkRecord,
    endpoint: EndpointRecord,
    siblings: readonly EndpointRecord[],
  ): FirewallElement[];
}

export interface EndpointRequest
  extends Pick<EndpointPlanRequest, "defaultMtu" | "netnsPath" | "endsWith" | "isolatesPorts"> {
  readonly endpoint: EndpointRecord;
}

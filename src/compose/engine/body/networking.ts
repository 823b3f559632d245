/** The networks a service's container joins: its network mode, and one endpoint for each network. */
import { InvalidArgument } from "#base/errors.ts";
import type { EndpointSettings } from "#spec/docker/networks.ts";
import type { ServiceNetwork } from "../../model/container-types.ts";
import type { Project, Service } from "../../model/types.ts";
import { present } from "./resources.ts";

export interface NetworkingOptions {
  /** Of the container: always one of its names in a network. */
  readonly containerName: string;
  /** "CONTAINER:ALIAS" */
  readonly links: readonly string[];
  /** False for one-off containers: they do not answer to the service's name. */
  readonly useAliases: boolean;
}

export interface PlannedNetworking {
  readonly mode: string;
  /** By the engine's name of the network, the first one being the container's main network. */
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
}

export function planNetworking(
  project: Project,
  service: Service,
  options: NetworkingOptions,
): PlannedNetworking {
  if (service.network_mode) return { mode: service.network_mode, endpoints: {} };
  const keys = networksByPriority(service);
  if (keys.length === 0) return { mode: "none", endpoints: {} };
  const endpoints: Record<string, EndpointSettings> = {};
  for (const [index, key] of keys.entries()) {
    const config = service.networks?.[key] ?? {};
    if (index === 0) refuseTwoAddresses(service, key, config);
    const macAddress = config.mac_address ?? (index === 0 ? service.mac_address : undefined);
    endpoints[networkName(project, key)] = endpoint(service, config, { ...options, macAddress });
  }
  return { mode: networkName(project, keys[0]!), endpoints };
}

/** @throws InvalidArgument when the service and its main network ask for different hardware addresses */
function refuseTwoAddresses(service: Service, key: string, { mac_address: own }: ServiceNetwork): void {
  const { name, mac_address: general } = service;
  if (own && general && own !== general)
    throw new InvalidArgument(
      `service "${name}": the service-level mac_address should have the same value as network ${key}`,
      { hint: `Give the address at networks.${key} only` },
    );
}

/** Keys of the project's networks, the one with the highest priority first, equals by name. */
export function networksByPriority({ networks = {} }: Pick<Service, "networks">): string[] {
  const priority = (key: string) => networks[key]?.priority ?? 0;
  return Object.keys(networks).sort((a, b) => priority(b) - priority(a) || (a < b ? -1 : 1));
}

export function networkName(project: Project, key: string): string {
  return project.networks[key]?.name ?? key;
}

interface EndpointOptions extends NetworkingOptions {
  readonly macAddress: string | undefined;
}

const INTERFACE_NAME = "com.docker.network.endpoint.ifname";

function endpoint(service: Service, config: ServiceNetwork, options: EndpointOptions): EndpointSettings {
  const { containerName, links, useAliases, macAddress } = options;
  const driverOpts = {
    ...(config.interface_name ? { [INTERFACE_NAME]: config.interface_name } : {}),
    ...config.driver_opts,
  };
  return present({
    Aliases: useAliases ? [containerName, service.name, ...(config.aliases ?? [])] : [containerName],
    Links: links.length > 0 ? [...links] : undefined,
    IPAMConfig: addresses(config),
    MacAddress: macAddress,
    DriverOpts: Object.keys(driverOpts).length > 0 ? driverOpts : undefined,
    GwPriority: config.gw_priority,
  });
}

function addresses({ ipv4_address, ipv6_address, link_local_ips }: ServiceNetwork) {
  if (!ipv4_address && !ipv6_address && !link_local_ips?.length) return undefined;
  return present({
    IPv4Address: ipv4_address,
    IPv6Address: ipv6_address,
    LinkLocalIPs: link_local_ips && [...link_local_ips],
  });
}

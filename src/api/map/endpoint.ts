import type { ContainerView } from "#containers/types.ts";
import { isPredefined } from "#network/create-request.ts";
import { endpointNames } from "#network/dns/view.ts";
import type { EndpointRecord } from "#network/types.ts";
import type { EndpointSettings } from "#spec/docker/networks.ts";

/** A container's networks by name: what it asked for, and where it runs what it got. */
export function endpointMap(view: ContainerView): Record<string, EndpointSettings> {
  const map: Record<string, EndpointSettings> = {};
  for (const [name, settings] of Object.entries(view.endpoints)) map[name] = endpointSettings(settings);
  for (const endpoint of view.networks)
    map[endpoint.networkName] = {
      ...endpointSettings(endpoint.settings, endpoint),
      ...(isUserDefined(endpoint.networkName)
        ? { DNSNames: endpointNames(endpoint, view.config.Hostname) }
        : {}),
    };
  return map;
}

/** Networks that come with the engine resolve no names. */
export function isUserDefined(network: string): boolean {
  return !isPredefined(network);
}

/** @param endpoint absent while the container does not run */
export function endpointSettings(settings: EndpointSettings, endpoint?: EndpointRecord): EndpointSettings {
  return {
    IPAMConfig: settings.IPAMConfig ?? null,
    Links: settings.Links ?? null,
    Aliases: settings.Aliases ?? null,
    MacAddress: endpoint?.mac ?? settings.MacAddress ?? "",
    DriverOpts: settings.DriverOpts ?? null,
    GwPriority: settings.GwPriority ?? 0,
    NetworkID: endpoint?.networkId ?? settings.NetworkID ?? "",
    EndpointID: endpoint?.id ?? "",
    Gateway: endpoint?.ipv4?.gateway ?? "",
    IPAddress: endpoint?.ipv4?.address ?? "",
    IPPrefixLen: endpoint?.ipv4?.prefixLength ?? 0,
    IPv6Gateway: endpoint?.ipv6?.gateway ?? "",
    GlobalIPv6Address: endpoint?.ipv6?.address ?? "",
    GlobalIPv6PrefixLen: endpoint?.ipv6?.prefixLength ?? 0,
    DNSNames: settings.DNSNames ?? null,
  };
}

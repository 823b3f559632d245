import type { EndpointRecord, NetworkRecord } from "#network/types.ts";
import type { NetworkContainer, NetworkInspect } from "#spec/docker/networks.ts";

/** @param endpoints of the running containers in it; empty for the list, which Docker sends without them */
export function networkView(record: NetworkRecord, endpoints: readonly EndpointRecord[]): NetworkInspect {
  return {
    Name: record.name,
    Id: record.id,
    Created: record.created,
    Scope: "local",
    Driver: record.driver,
    EnableIPv4: record.enableIPv4,
    EnableIPv6: record.enableIPv6,
    IPAM: {
      Driver: record.ipam.driver,
      Options: Object.keys(record.ipam.options).length > 0 ? { ...record.ipam.options } : null,
      Config: [...record.ipam.config],
    },
    Internal: record.internal,
    Attachable: record.attachable,
    Ingress: false,
    ConfigFrom: { Network: "" },
    ConfigOnly: false,
    Containers: Object.fromEntries(
      endpoints.map((endpoint) => [endpoint.containerId, networkContainer(endpoint)]),
    ),
    Options: { ...record.options },
    Labels: { ...record.labels },
  };
}

function networkContainer(endpoint: EndpointRecord): NetworkContainer {
  return {
    Name: endpoint.containerName,
    EndpointID: endpoint.id,
    MacAddress: endpoint.mac,
    IPv4Address: prefixText(endpoint.ipv4),
    IPv6Address: prefixText(endpoint.ipv6),
  };
}

function prefixText(side: EndpointRecord["ipv4"]): string {
  return side ? `${side.address}/${side.prefixLength}` : "";
}

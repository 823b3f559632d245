import { isPredefined } from "#network/create-request.ts";
import type { SubnetUse } from "#network/ipam/ipam.ts";
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
      Options: isPredefined(record.name) ? null : record.ipam.options && { ...record.ipam.options },
      Config: [...record.ipam.config],
    },
    Internal: record.internal,
    Attachable: record.attachable,
    Ingress: false,
    ConfigFrom: { Network: record.configFrom ?? "" },
    ConfigOnly: record.configOnly ?? false,
    Containers: Object.fromEntries(
      endpoints.map((endpoint) => [endpoint.containerId, networkContainer(endpoint)]),
    ),
    Options: { ...record.options },
    Labels: { ...record.labels },
  };
}

/** Whole numbers of 64 bits, which JavaScript's own cannot hold. */
const MOST = 2n ** 64n - 1n;
const { rawJSON } = JSON as unknown as { rawJSON(text: string): unknown };

export function addressStatus(use: readonly SubnetUse[]) {
  const whole = (count: bigint) => rawJSON(String(count < MOST ? count : MOST));
  const subnets = use.map(({ subnet, inUse, available }) => [
    subnet,
    { IPsInUse: whole(inUse), DynamicIPsAvailable: whole(available) },
  ]);
  return { IPAM: { Subnets: Object.fromEntries(subnets) } };
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

import type { SandboxRequest } from "#network/types.ts";
import type { EndpointSettings } from "#spec/docker/networks.ts";
import { isUserNetwork, networkKind } from "./modes.ts";
import type { ContainerRecord } from "./types.ts";

/** Pure: what a container asks of the network. The network its mode names comes first: it decides the default route. */
export function sandboxRequest(record: ContainerRecord): SandboxRequest {
  const { config, hostConfig } = record;
  const primary = hostConfig.NetworkMode ?? "";
  const names = Object.keys(record.endpoints);
  names.sort((a, b) => Number(b === primary) - Number(a === primary));
  const isHost = networkKind(primary) === "host";
  return {
    containerId: record.id,
    containerName: record.name,
    hostname: config.Hostname ?? "",
    endpoints: config.NetworkDisabled
      ? []
      : names.map((network) => ({ network, settings: settingsOf(record, network) })),
    portBindings: isHost ? {} : (hostConfig.PortBindings ?? {}),
    publishAll: hostConfig.PublishAllPorts && !isHost ? Object.keys(config.ExposedPorts ?? {}) : [],
    sysctls: hostConfig.Sysctls ?? {},
    dns: hostConfig.Dns ?? [],
  };
}

/** `--link` of a container in a network with names: the other gets one more name, for this container alone. */
function settingsOf({ hostConfig, endpoints }: ContainerRecord, network: string): EndpointSettings {
  const settings = endpoints[network]!;
  const isPrimary = network === hostConfig.NetworkMode && isUserNetwork(network);
  const links = [...(settings.Links ?? []), ...(isPrimary ? (hostConfig.Links ?? []) : [])];
  return links.length > 0 ? { ...settings, Links: links } : settings;
}

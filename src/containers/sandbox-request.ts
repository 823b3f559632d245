import { shortId } from "#base/ids.ts";
import type { SandboxRequest } from "#network/types.ts";
import { parseLink } from "#spec/docker/links.ts";
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
      : names.map((network) => ({ network, settings: record.endpoints[network]! })),
    portBindings: isHost ? {} : (hostConfig.PortBindings ?? {}),
    publishAll: hostConfig.PublishAllPorts && !isHost ? Object.keys(config.ExposedPorts ?? {}) : [],
    sysctls: hostConfig.Sysctls ?? {},
    dns: hostConfig.Dns ?? [],
    links: nameLinks(record),
    exposed: [
      ...new Set([...Object.keys(config.ExposedPorts ?? {}), ...Object.keys(hostConfig.PortBindings ?? {})]),
    ],
  };
}

/** `--link` in a network with names: the other gets one more name, for this container alone. */
function nameLinks({ hostConfig }: ContainerRecord): string[] {
  if (!isUserNetwork(hostConfig.NetworkMode)) return [];
  return (hostConfig.Links ?? []).map((text) => {
    const { target, alias } = parseLink(text);
    return `${shortId(target)}:${alias}`; // by id: the other may be renamed
  });
}

import type { SandboxRequest } from "#network/types.ts";
import { networkKind } from "./modes.ts";
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
  };
}

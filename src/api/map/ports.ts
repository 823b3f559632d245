/** Published and exposed ports in the two forms Docker shows them. */
import type { ContainerView } from "#containers/types.ts";
import type { PublishedPort } from "#network/types.ts";
import type { PortMap, PortSummary } from "#spec/docker/containers.ts";

/** `NetworkSettings.Ports` of a running container: null for what is exposed and not published. */
export function portMap(view: ContainerView): PortMap {
  if (!view.sandbox) return {};
  const map: PortMap = {};
  for (const key of exposedPorts(view)) map[key] = null;
  for (const port of sorted(view.sandbox.ports)) {
    const bindings = map[portKey(port)] ?? [];
    bindings.push({ HostIp: port.hostAddress, HostPort: port.hostPort === 0 ? "" : String(port.hostPort) });
    map[portKey(port)] = bindings;
  }
  return map;
}

/** The ports of one line of `ps`. */
export function portSummaries(view: ContainerView): PortSummary[] {
  if (!view.sandbox) return [];
  const published = new Set(view.sandbox.ports.map(portKey));
  const exposed = exposedPorts(view)
    .filter((key) => !published.has(key))
    .map((key): PortSummary => {
      const [port, protocol = "tcp"] = key.split("/") as [string, string?];
      return { PrivatePort: Number(port), Type: protocol };
    });
  const bound = sorted(view.sandbox.ports).map((port) => ({
    IP: port.hostAddress,
    PrivatePort: port.containerPort,
    ...(port.hostPort === 0 ? {} : { PublicPort: port.hostPort }),
    Type: port.protocol,
  }));
  return [...exposed, ...bound].sort((a, b) => a.PrivatePort - b.PrivatePort);
}

function exposedPorts(view: ContainerView): string[] {
  return Object.keys(view.config.ExposedPorts ?? {});
}

function portKey(port: PublishedPort): string {
  return `${port.containerPort}/${port.protocol}`;
}

/** IPv4 before IPv6, as Docker lists a port that is published on both. */
function sorted(ports: readonly PublishedPort[]): PublishedPort[] {
  const family = (port: PublishedPort) => (port.hostAddress.includes(":") ? 1 : 0);
  return [...ports].sort(
    (a, b) => a.containerPort - b.containerPort || family(a) - family(b) || a.hostPort - b.hostPort,
  );
}

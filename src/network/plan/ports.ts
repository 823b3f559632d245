import { InvalidArgument } from "#base/errors.ts";
import { canonicalIp } from "#base/ip.ts";
import type { IpAddress } from "#kernel/types.ts";
import type { PortBinding, PortMap } from "#spec/docker/containers.ts";
import type { PublishedPortsPolicy } from "#spec/network-rules.ts";
import type { PublishedPort } from "../types.ts";
import type { PortTargets } from "./gateway.ts";
import { familyOf, isLoopback } from "./host-address.ts";

/** One container port to publish; all its host addresses get the same host port. */
export interface PortWish {
  readonly protocol: PublishedPort["protocol"];
  readonly containerPort: number;
  readonly hostAddresses: readonly IpAddress[];
  /** Host addresses that stand for no port of the host: the container's own port is open at its own address. */
  readonly exposedBy: readonly IpAddress[];
  /** Inclusive; undefined: any free port. */
  readonly hostPorts: { readonly first: number; readonly last: number } | undefined;
}

export interface PortPlanRequest {
  readonly bindings: PortMap;
  /** Ports to publish anywhere free unless `bindings` says where. */
  readonly publishAll: readonly string[];
  /** Host side of a binding without an address. */
  readonly defaultAddress: IpAddress;
  readonly hostHasIPv6: boolean;
  readonly targets: PortTargets;
  /** Addresses of the container that are open by themselves. */
  readonly exposed: PortTargets;
}

/**
 * Pure: what a container wants published, in the order of its ports.
 * @throws InvalidArgument for a port, range or address that is none
 */
export function planPorts(request: PortPlanRequest): PortWish[] {
  const bound = Object.entries(request.bindings).flatMap(([port, bindings]) =>
    (bindings ?? []).map((binding) => wishOf(port, binding, request)),
  );
  const isBound = (port: string) => (request.bindings[port] ?? []).length > 0;
  const free = request.publishAll.filter((port) => !isBound(port)).map((port) => wishOf(port, {}, request));
  return [...bound, ...free].sort(
    (a, b) => a.containerPort - b.containerPort || (a.protocol < b.protocol ? -1 : 1),
  );
}

/**
 * Where the engine itself must copy the bytes of a published port, because packets cannot be rewritten from one family
 * to the other and never leave ::1. Undefined where the firewall does it all, and for SCTP, which is not copied.
 */
export function relayTarget(
  port: PublishedPort,
  targets: PortTargets,
  policy: PublishedPortsPolicy = "docker",
): IpAddress | undefined {
  if (port.protocol === "sctp" || port.hostPort === 0) return undefined;
  const family = familyOf(port.hostAddress);
  const same = targets[family];
  if (same === undefined) return targets[family === 4 ? 6 : 4];
  if (policy === "host-input" && !isLoopback(port.hostAddress)) return same;
  return port.hostAddress === "::" || port.hostAddress === "::1" ? same : undefined;
}

/** "80/tcp" or "80". @throws InvalidArgument */
export function parsePort(text: string): Pick<PortWish, "protocol" | "containerPort"> {
  const match = /^(\d{1,5})(?:\/(tcp|udp|sctp))?$/i.exec(text);
  const containerPort = Number(match?.[1]);
  if (!match || containerPort < 1 || containerPort > 65535)
    throw new InvalidArgument(`invalid port specification: "${text}"`);
  return { containerPort, protocol: (match[2]?.toLowerCase() ?? "tcp") as PortWish["protocol"] };
}

function wishOf(port: string, binding: PortBinding, request: PortPlanRequest): PortWish {
  const parsed = parsePort(port);
  const addresses = hostAddresses(binding.HostIp ?? "", request);
  const isExposed = (address: IpAddress) => request.exposed[familyOf(address)] !== undefined;
  const exposedBy = addresses.filter(isExposed);
  const reachable = addresses.filter(
    (address) => !isExposed(address) && leadsAnywhere(parsed.protocol, address, request.targets),
  );
  if (reachable.length + exposedBy.length === 0)
    throw new InvalidArgument(
      `port ${port} cannot be published on ${addresses}: the container has no address of that family`,
    );
  const hostPorts = parseHostPorts(binding.HostPort ?? "");
  return { ...parsed, hostAddresses: reachable, exposedBy, hostPorts };
}

/** Everything but SCTP can be relayed to a container of the other family. */
function leadsAnywhere(protocol: PortWish["protocol"], address: IpAddress, targets: PortTargets): boolean {
  if (targets[familyOf(address)] !== undefined) return true;
  return protocol !== "sctp" && (targets[4] ?? targets[6]) !== undefined;
}

function hostAddresses(text: string, request: PortPlanRequest): IpAddress[] {
  if (text !== "") {
    const address = canonicalIp(text);
    if (address === undefined) throw new InvalidArgument(`invalid host IP address: "${text}"`);
    return [address];
  }
  const { defaultAddress, hostHasIPv6 } = request;
  return defaultAddress === "0.0.0.0" && hostHasIPv6 ? ["0.0.0.0", "::"] : [defaultAddress];
}

function parseHostPorts(text: string): PortWish["hostPorts"] {
  if (text === "" || text === "0") return undefined;
  const match = /^(\d{1,5})(?:-(\d{1,5}))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? match?.[1]);
  if (!match || first < 1 || last > 65535 || first > last)
    throw new InvalidArgument(`invalid port specification: "${text}"`);
  return { first, last };
}

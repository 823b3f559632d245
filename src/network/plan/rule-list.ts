import type { RuleList, RulePort } from "#spec/network-rules.ts";
import type { NetworkRecord, PublishedPort, SandboxRecord } from "../types.ts";
import { exposedTargets, type PortTargets, portTargets } from "./gateway.ts";
import { familyOf } from "./host-address.ts";
import { bridgeSettings } from "./options.ts";
import { hostSide } from "./port-text.ts";
import { relayTarget } from "./ports.ts";

/** Pure: what the firewall's sets and maps come to, in the words of networks and containers. */
export function ruleList(
  networks: readonly NetworkRecord[],
  sandboxes: readonly SandboxRecord[],
  publishedPorts: RuleList["publishedPorts"],
): RuleList {
  return {
    publishedPorts,
    networks: networks.filter(({ driver }) => driver === "bridge").map(ruleNetwork),
    ports: sandboxes.flatMap((sandbox) =>
      sandbox.ports.map((port) => rulePort(sandbox, port, publishedPorts)),
    ),
  };
}

function ruleNetwork(network: NetworkRecord): RuleList["networks"][number] {
  const { bridge, icc, masquerade, gatewayModes, hostAddresses, trusted } = bridgeSettings(network);
  const modes = [
    ...(network.enableIPv4 ? [gatewayModes[4]] : []),
    ...(network.enableIPv6 ? [gatewayModes[6]] : []),
  ];
  const sources = Object.values(hostAddresses).filter((address) => address !== undefined);
  const isTranslated = masquerade && modes.some((mode) => mode.startsWith("nat"));
  const own = sources.length > 0 ? sources.join(", ") : "the host's address";
  return {
    name: network.name,
    bridge,
    subnets: network.ipam.config.map(({ Subnet }) => Subnet!),
    outgoing: network.internal ? "nowhere" : isTranslated ? `as ${own}` : "as themselves",
    incoming: network.internal ? "nothing" : incomingOf(modes, trusted),
    amongContainers: icc ? "everything" : "published ports",
  };
}

function incomingOf(modes: readonly string[], trusted: readonly string[]): string {
  const all = modes.includes("nat-unprotected") ? "all ports" : "published ports";
  return trusted.length > 0 ? `${all}; all from ${trusted.join(", ")}` : all;
}

function rulePort(
  { containerName, endpoints }: SandboxRecord,
  port: PublishedPort,
  publishedPorts: RuleList["publishedPorts"],
): RulePort {
  const { protocol, containerPort } = port;
  const targets = portTargets(endpoints);
  const open = exposedTargets(endpoints)[familyOf(port.hostAddress)];
  const to = (address: string) => hostSide({ hostAddress: address, hostPort: containerPort });
  if (port.hostPort === 0)
    return { host: "–", protocol, container: containerName, target: open ? to(open) : "–", by: "routing" };
  const target = targets[familyOf(port.hostAddress)] ?? targets[4] ?? targets[6];
  return {
    host: hostSide(port),
    protocol,
    container: containerName,
    target: target ? to(target) : "–",
    by: byWhom(port, targets, publishedPorts),
  };
}

function byWhom(
  port: PublishedPort,
  targets: PortTargets,
  publishedPorts: RuleList["publishedPorts"],
): RulePort["by"] {
  if (relayTarget(port, targets, publishedPorts) === undefined) return "firewall";
  return targets[familyOf(port.hostAddress)] === undefined ? "relay" : "firewall, relay";
}

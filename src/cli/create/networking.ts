import type { NetworkingConfig } from "#spec/docker/containers.ts";
import type { EndpointSettings } from "#spec/docker/networks.ts";
import { checkMac, emptyAttachment, type NetworkAttachment } from "../parse/network.ts";
import type { ContainerFlags } from "./flags.ts";

const PREDEFINED = new Set(["default", "bridge", "host", "none"]);

function isUserDefined(name: string): boolean {
  return !PREDEFINED.has(name) && !name.startsWith("container:");
}

/**
 * What the container is on each of its networks. Flags without a network of their own, such as `--ip`, are about the
 * first.
 * @throws Error when flags contradict each other
 */
export function planNetworking(flags: ContainerFlags): NetworkingConfig {
  const attachments = flags.network.length > 0 ? flags.network.map(copy) : [emptyAttachment("default")];
  applyGeneralFlags(attachments[0]!, flags);
  const configs: Record<string, EndpointSettings> = {};
  for (const attachment of attachments) {
    const { name } = attachment;
    if (attachments.length > 1 && !isUserDefined(name))
      throw new Error(
        "conflicting options: cannot attach both user-defined and non-user-defined network-modes",
      );
    if (Object.hasOwn(configs, name))
      throw new Error(`network ${JSON.stringify(name)} is specified multiple times`);
    const settings = endpointSettings(attachment);
    if (isUserDefined(name) || Object.keys(settings).length > 0) configs[name] = settings;
  }
  return { EndpointsConfig: configs };
}

function copy(attachment: NetworkAttachment): NetworkAttachment {
  return {
    ...attachment,
    aliases: [...attachment.aliases],
    links: [...attachment.links],
    linkLocalIps: [...attachment.linkLocalIps],
  };
}

function applyGeneralFlags(first: NetworkAttachment, flags: ContainerFlags): void {
  const refuseBoth = (general: boolean, own: boolean, flag: string, what: string) => {
    if (general && own)
      throw new Error(`conflicting options: cannot specify both --${flag} and per-network ${what}`);
  };
  refuseBoth(flags["network-alias"].length > 0, first.aliases.length > 0, "network-alias", "alias");
  refuseBoth(flags.ip !== "", first.ipv4 !== "", "ip", "IPv4 address");
  refuseBoth(flags.ip6 !== "", first.ipv6 !== "", "ip6", "IPv6 address");
  refuseBoth(
    flags["link-local-ip"].length > 0,
    first.linkLocalIps.length > 0,
    "link-local-ip",
    "link-local IP addresses",
  );
  refuseBoth(flags["mac-address"] !== "", first.macAddress !== "", "mac-address", "MAC address");
  first.aliases.push(...flags["network-alias"]);
  first.ipv4 ||= flags.ip;
  first.ipv6 ||= flags.ip6;
  first.linkLocalIps.push(...flags["link-local-ip"]);
  first.macAddress ||= flags["mac-address"];
  if (isUserDefined(first.name)) first.links.push(...flags.link);
}

function endpointSettings(attachment: NetworkAttachment): EndpointSettings {
  const { name, aliases, links, linkLocalIps, driverOptions, ipv4, ipv6, macAddress, gatewayPriority } =
    attachment;
  if (aliases.length > 0 && !isUserDefined(name))
    throw new Error("network-scoped aliases are only supported for user-defined networks");
  if (macAddress) checkMac(macAddress);
  const hasAddress = ipv4 !== "" || ipv6 !== "" || linkLocalIps.length > 0;
  return {
    ...(hasAddress
      ? { IPAMConfig: { IPv4Address: ipv4, IPv6Address: ipv6, LinkLocalIPs: linkLocalIps } }
      : {}),
    ...(links.length > 0 ? { Links: links } : {}),
    ...(aliases.length > 0 ? { Aliases: aliases } : {}),
    ...(Object.keys(driverOptions).length > 0 ? { DriverOpts: driverOptions } : {}),
    ...(macAddress ? { MacAddress: macAddress } : {}),
    ...(gatewayPriority !== 0 ? { GwPriority: gatewayPriority } : {}),
  };
}

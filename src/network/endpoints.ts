import { Conflict, InvalidArgument, PermissionDenied } from "#base/errors.ts";
import { newId } from "#base/ids.ts";
import { parseCidr, parseIp, prefixContains } from "#base/ip.ts";
import type { EndpointIpamConfig, EndpointSettings, IpamPoolConfig } from "#spec/docker/networks.ts";
import { checkHasPlaces } from "./config-networks.ts";
import { isPredefined } from "./create-request.ts";
import { driverNamed } from "./drivers/all.ts";
import { GATEWAY_OVERRIDE } from "./ipam/config.ts";
import type { Ipam } from "./ipam/ipam.ts";
import { endpointMac, hostInterfaceName, nextInterfaceName } from "./plan/endpoint.ts";
import { sysctlsOf, wantedInterfaceName } from "./plan/endpoint-sysctls.ts";
import type { EndpointRecord, NetworkRecord } from "./types.ts";

export interface EndpointRequest {
  readonly network: NetworkRecord;
  readonly containerId: string;
  readonly containerName: string;
  readonly settings: EndpointSettings;
  /** The container's other endpoints. */
  readonly siblings: readonly EndpointRecord[];
}

/**
 * A place for a container in a network: name, interface, addresses. What it took of the network is given back by the
 * stack, whose owner moves it on when the record is stored.
 * @throws EngineError with Docker's text for addresses that are taken, foreign or not to be chosen
 */
export function makeEndpoint(ipam: Ipam, request: EndpointRequest, undo: DisposableStack): EndpointRecord {
  const { network, settings } = request;
  checkHasPlaces(network);
  if (request.siblings.some(({ networkId }) => networkId === network.id))
    throw new PermissionDenied(
      `endpoint with name ${request.containerName} already exists in network ${network.name}`,
    );
  const driver = driverNamed(network.driver);
  const isOnLink = driver.routesByLink?.(network) ?? false;
  const wanted = settings.IPAMConfig ?? {};
  checkSettings(network, settings.MacAddress, wanted);
  sysctlsOf(settings); // wrong ones are refused before anything is taken
  const id = newId();
  const lease = (family: 4 | 6, address: string | undefined) => {
    const leased = ipam.lease(network, family, request.containerId, address || undefined);
    undo.defer(() => ipam.release(network.id, request.containerId, leased));
    const place = addressIn(network, family, leased);
    return isOnLink ? { ...place, gateway: undefined } : place;
  };
  const ipv4 = driver.hasAddresses && network.enableIPv4 ? lease(4, wanted.IPv4Address) : undefined;
  const ipv6 = driver.hasAddresses && network.enableIPv6 ? lease(6, wanted.IPv6Address) : undefined;
  return {
    id,
    networkId: network.id,
    networkName: network.name,
    containerId: request.containerId,
    containerName: request.containerName,
    interfaceName: interfaceNameFor(request, driver.interfacePrefix(network)),
    hostInterfaceName: hostInterfaceName(id),
    mac: driver.hasAddresses ? settings.MacAddress?.toLowerCase() || endpointMac(id, ipv4?.address) : "",
    ipv4,
    ipv6,
    ...(!network.internal && isOnLink ? { routesByLink: true } : {}),
    publishing: { 4: driver.publishing(network, 4), 6: driver.publishing(network, 6) },
    aliases: settings.Aliases ?? [],
    settings,
  };
}

function interfaceNameFor({ settings, siblings, containerName }: EndpointRequest, prefix: string): string {
  const wanted = wantedInterfaceName(settings);
  if (wanted === undefined) return nextInterfaceName(prefix, siblings);
  if (siblings.some(({ interfaceName }) => interfaceName === wanted))
    throw new Conflict(`container ${containerName} has an interface ${wanted} already`);
  return wanted;
}

function checkSettings(network: NetworkRecord, mac: string | undefined, wanted: EndpointIpamConfig): void {
  if (mac && !/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(mac))
    throw new InvalidArgument(`invalid endpoint settings:\ninvalid MAC address: ${mac}`);
  const addresses = [wanted.IPv4Address, wanted.IPv6Address].filter((text) => text);
  if (addresses.length > 0 && isPredefined(network.name))
    throw new InvalidArgument(
      "invalid endpoint settings:\nuser-specified IP address is supported on user-defined networks only",
    );
  for (const address of wanted.LinkLocalIPs ?? [])
    if (!parseIp(address))
      throw new InvalidArgument(`invalid endpoint settings:\ninvalid link-local IP address: ${address}`);
  for (const [text, family] of [
    [wanted.IPv4Address, 4],
    [wanted.IPv6Address, 6],
  ] as const)
    if (text && parseIp(text)?.family !== family)
      throw new InvalidArgument(`invalid endpoint settings:\ninvalid IPv${family} address: ${text}`);
}

function addressIn(network: NetworkRecord, family: 4 | 6, address: string) {
  const config = poolOf(network, address);
  return {
    address,
    prefixLength: parseCidr(config.Subnet!)!.prefix.length,
    gateway: network.internal ? undefined : gatewayOf(config, family),
  };
}

function poolOf(network: NetworkRecord, address: string): IpamPoolConfig {
  const ip = parseIp(address)!;
  return network.ipam.config.find(({ Subnet }) => prefixContains(parseCidr(Subnet!)!.prefix, ip))!;
}

function gatewayOf(config: IpamPoolConfig, family: 4 | 6): string | undefined {
  return config.AuxiliaryAddresses?.[GATEWAY_OVERRIDE[family]] ?? config.Gateway;
}

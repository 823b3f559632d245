import { InvalidArgument, PermissionDenied } from "#base/errors.ts";
import {
  formatIp,
  formatPrefix,
  type Ip,
  type IpFamily,
  type IpPrefix,
  type IpRange,
  parseCidr,
  parseIp,
  prefixContains,
  prefixesOverlap,
  prefixRange,
} from "#base/ip.ts";
import type { IpamPoolConfig } from "#spec/docker/networks.ts";
import type { NetworkRecord } from "../types.ts";
import { type AddressPool, findSubnet, pickSubnet } from "./pools.ts";

export interface IpamRequest {
  /** As the user wrote it. */
  readonly config: readonly IpamPoolConfig[];
  readonly enableIPv4: boolean;
  readonly enableIPv6: boolean;
  /** Subnets of our other networks: overlapping them is an error. */
  readonly networks: readonly OwnedPrefix[];
  /** Live routes and name servers of the host: kept clear of where the choice is ours. */
  readonly avoid: readonly IpPrefix[];
  /** Subnets of networks that are gone: taken again when there are no others, as the oldest is first. */
  readonly resting?: readonly IpPrefix[];
  readonly pools: Readonly<Record<IpFamily, readonly AddressPool[]>>;
  /** Families in which nobody is a gateway unless the user names one. */
  readonly withoutGateway?: readonly IpFamily[];
  /** The driver's networks may have several subnets of one family. */
  readonly takesSeveral?: boolean;
}

/**
 * The address configuration of a network: a pool for each family asked for, with subnet and gateway filled in.
 * Pools of a family that is switched off are dropped, as Docker does.
 * @throws InvalidArgument with every complaint at once, PermissionDenied when a subnet overlaps another network
 */
export function completeIpam(request: IpamRequest): IpamPoolConfig[] {
  const checked = checkIpam(request.config);
  const families: IpFamily[] = [];
  if (request.enableIPv4) families.push(4);
  if (request.enableIPv6) families.push(6);
  return families.flatMap((family) => {
    const own = checked.filter(({ subnet }) => subnet?.family === family);
    if (own.length > 1 && !request.takesSeveral)
      throw new InvalidArgument("bridge driver doesn't support multiple subnets", {
        hint: `${own.length} were given for IPv${family}`,
      });
    return own.length === 0
      ? [completePool(request, family)]
      : own.map((pool, index) => completePool(request, family, pool, own.slice(0, index)));
  });
}

/** @throws InvalidArgument with every complaint at once */
export function checkIpam(config: readonly IpamPoolConfig[]): CheckedPool[] {
  const checked = config.map(checkPool);
  const complaints = checked.flatMap(({ complaints }) => complaints);
  if (complaints.length > 0) throw new InvalidArgument(`invalid network config:\n${complaints.join("\n")}`);
  return checked;
}

/** @param before pools of the same family and the same network */
function completePool(
  request: IpamRequest,
  family: IpFamily,
  own?: CheckedPool,
  before: readonly CheckedPool[] = [],
): IpamPoolConfig {
  const subnet = own?.subnet ?? pick(family, request);
  const siblings = before.map((pool) => ({ ...pool.subnet!, owner: "itself" }));
  const overlapping = [...request.networks, ...siblings].find((prefix) => prefixesOverlap(prefix, subnet));
  if (overlapping)
    throw new PermissionDenied("invalid pool request: Pool overlaps with other one on this address space", {
      hint: `${formatPrefix(subnet)} overlaps ${formatPrefix(overlapping)} of network ${overlapping.owner}`,
    });
  const config = { ...own?.config, Subnet: formatPrefix(subnet) };
  checkAuxiliaries(config);
  return request.withoutGateway?.includes(family) ? config : withGateway(config);
}

/** @throws PermissionDenied when two of them, or one of them and the gateway, are the same address */
function checkAuxiliaries({ Gateway, AuxiliaryAddresses }: IpamPoolConfig): void {
  const taken = new Set(Gateway === undefined ? [] : [Gateway]);
  for (const [name, address] of Object.entries(AuxiliaryAddresses ?? {})) {
    if (taken.has(address))
      throw new PermissionDenied(
        `failed to allocate secondary ip address (${name}:${address}): Address already in use`,
      );
    taken.add(address);
  }
}

/** Addresses a pool gives out: its IPRange, or the subnet without its network and broadcast address. */
export function usableRange(config: IpamPoolConfig): IpRange {
  const subnet = parseCidr(config.Subnet!)!.prefix;
  const { first, last } = prefixRange(subnet);
  const isTiny = last - first < 2n; // /31 and /127 have neither network nor broadcast address (RFC 3021, RFC 6164)
  const usable: IpRange = {
    family: subnet.family,
    first: isTiny ? first : first + 1n,
    last: isTiny || subnet.family === 6 ? last : last - 1n,
  };
  if (!config.IPRange) return usable;
  const range = prefixRange(parseCidr(config.IPRange)!.prefix);
  return {
    family: subnet.family,
    first: range.first > usable.first ? range.first : usable.first,
    last: range.last < usable.last ? range.last : usable.last,
  };
}

/** Never given out: gateway and auxiliary addresses. */
export function reservedAddresses(config: IpamPoolConfig): Set<bigint> {
  const texts = [
    ...Object.values(config.AuxiliaryAddresses ?? {}),
    ...(config.Gateway ? [config.Gateway] : []),
  ];
  return new Set(texts.map((text) => parseIp(text)!.value));
}

/** Auxiliary address that stands in for the bridge as the containers' gateway; the names are Docker's. */
export const GATEWAY_OVERRIDE = { 4: "DefaultGatewayIPv4", 6: "DefaultGatewayIPv6" } as const;

/** A subnet and the name of the network that has it. */
export type OwnedPrefix = IpPrefix & { readonly owner: string };

/** Prefixes of a network's pools. */
export function subnetsOf({
  ipam,
  name,
  configOnly,
}: Pick<NetworkRecord, "ipam" | "name" | "configOnly">): OwnedPrefix[] {
  if (configOnly) return [];
  return ipam.config.map(({ Subnet }) => ({ ...parseCidr(Subnet!)!.prefix, owner: name }));
}

export interface CheckedPool {
  readonly config: IpamPoolConfig;
  readonly subnet: IpPrefix | undefined;
  readonly complaints: readonly string[];
}

function checkPool(config: IpamPoolConfig): CheckedPool {
  const text = config.Subnet ?? "";
  const cidr = parseCidr(text);
  if (!cidr)
    return { config, subnet: undefined, complaints: [`invalid subnet ${text}: invalid CIDR block notation`] };
  const subnet = cidr.prefix;
  const complaints: string[] = [];
  if (cidr.address.value !== subnet.first)
    complaints.push(`invalid subnet ${text}: it should be ${formatPrefix(subnet)}`);
  if (config.IPRange) complaints.push(...checkRange(config.IPRange, subnet));
  if (config.Gateway) complaints.push(...checkAddress("gateway", config.Gateway, subnet));
  for (const [name, address] of Object.entries(config.AuxiliaryAddresses ?? {}))
    complaints.push(...checkAddress(`auxiliary address ${name}`, address, subnet));
  return { config: canonical(config), subnet, complaints };
}

function checkRange(text: string, subnet: IpPrefix): string[] {
  const cidr = parseCidr(text);
  if (!cidr) return [`invalid ip-range ${text}: invalid CIDR block notation`];
  const { address, prefix } = cidr;
  if (address.value !== prefix.first)
    return [`invalid ip-range ${text}: it should be ${formatPrefix(prefix)}`];
  const isInside = prefix.length >= subnet.length && prefixContains(subnet, address);
  return isInside ? [] : [`invalid ip-range ${text}: it is not within subnet ${formatPrefix(subnet)}`];
}

function checkAddress(what: string, text: string, subnet: IpPrefix): string[] {
  const address = parseIp(text);
  if (!address) return [`invalid ${what} ${text}: invalid address`];
  const isInside = prefixContains(subnet, address);
  return isInside ? [] : [`invalid ${what} ${text}: it is not within subnet ${formatPrefix(subnet)}`];
}

/** One spelling for each address, so that records compare as text. Wrong ones stay as they are: they were complained about. */
function canonical(config: IpamPoolConfig): IpamPoolConfig {
  const address = (text: string) => {
    const ip = parseIp(text);
    return ip ? formatIp(ip) : text;
  };
  const auxiliary = Object.entries(config.AuxiliaryAddresses ?? {});
  return {
    ...(config.IPRange ? { IPRange: config.IPRange } : {}),
    ...(config.Gateway ? { Gateway: address(config.Gateway) } : {}),
    ...(auxiliary.length > 0
      ? { AuxiliaryAddresses: Object.fromEntries(auxiliary.map(([name, text]) => [name, address(text)])) }
      : {}),
  };
}

function pick(family: IpFamily, { pools, networks, avoid, resting = [] }: IpamRequest): IpPrefix {
  for (let spared = 0; spared < resting.length; spared++) {
    const subnet = findSubnet(pools[family], [...networks, ...avoid, ...resting.slice(spared)]);
    if (subnet) return subnet;
  }
  return pickSubnet(pools[family], [...networks, ...avoid]);
}

function withGateway(config: IpamPoolConfig): IpamPoolConfig {
  if (config.Gateway) return config;
  const range = usableRange(config);
  const reserved = reservedAddresses(config);
  for (let value = range.first; value <= range.last; value++) {
    const gateway: Ip = { family: range.family, value };
    if (!reserved.has(value)) return { ...config, Gateway: formatIp(gateway) };
  }
  throw new InvalidArgument(`invalid network config:\nno address left for the gateway in ${config.Subnet}`);
}

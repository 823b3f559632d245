import { InvalidArgument } from "#base/errors.ts";
import { formatIp, formatPrefix, type IpPrefix, parseCidr, parseIp } from "#base/ip.ts";
import type { IpamPoolConfig } from "#spec/docker/networks.ts";
import { completeIpam, GATEWAY_OVERRIDE, subnetsOf } from "../ipam/config.ts";
import { type AddressPool, DEFAULT_BRIDGE_POOLS } from "../ipam/pools.ts";
import type { NetworkOptions } from "../options.ts";
import type { NetworkRecord } from "../types.ts";
import { BRIDGE_OPTION } from "./options.ts";
import type { BridgeAddress } from "./steps.ts";

export interface DefaultsRequest {
  readonly options: NetworkOptions;
  /** The records of an earlier start. */
  readonly existing: readonly NetworkRecord[];
  /** Addresses of the default bridge as it is now; undefined when there is no such link. */
  readonly bridge: readonly BridgeAddress[] | undefined;
  /** Live routes (but the default bridge's own) and name servers. */
  readonly avoid: readonly IpPrefix[];
  readonly pool6: AddressPool;
  /** A container is in the default network: its bridge and subnet must stay as they are. */
  readonly isInUse: boolean;
  readonly newId: () => string;
  readonly created: string;
}

/**
 * Pure: the predefined networks as the daemon's options want them, each with the id it had before.
 * @throws InvalidArgument for an option that is no address
 */
export function planDefaultNetworks(request: DefaultsRequest): NetworkRecord[] {
  const plain = (name: string, driver: string): NetworkRecord => ({
    ...identityOf(name, request),
    driver,
    internal: false,
    attachable: false,
    enableIPv4: true,
    enableIPv6: false,
    ipam: { driver: "default", options: {}, config: [] },
    options: {},
    labels: {},
  });
  const networks = [plain("host", "host"), plain("none", "null")];
  return request.options.bridge === "none" ? networks : [defaultBridge(request), ...networks];
}

function identityOf(name: string, request: DefaultsRequest) {
  const known = request.existing.find((network) => network.name === name);
  return { name, id: known?.id ?? request.newId(), created: known?.created ?? request.created };
}

function defaultBridge(request: DefaultsRequest): NetworkRecord {
  const { options, existing, bridge } = request;
  const known = existing.find(({ name }) => name === "bridge");
  const isSettled = known !== undefined && request.isInUse;
  const isSameBridge = isSettled || known?.options[BRIDGE_OPTION.name] === options.bridge;
  const foreignBridge = isSameBridge ? known?.foreignBridge === true : bridge !== undefined;
  return {
    ...identityOf("bridge", request),
    driver: "bridge",
    internal: false,
    attachable: false,
    enableIPv4: true,
    enableIPv6: isSettled ? known.enableIPv6 : options.ipv6,
    ipam: isSettled
      ? known.ipam
      : { driver: "default", options: {}, config: defaultPools(request, known, foreignBridge) },
    options: {
      "com.docker.network.bridge.default_bridge": "true",
      [BRIDGE_OPTION.icc]: String(options.icc),
      [BRIDGE_OPTION.masquerade]: String(options.ipMasq),
      [BRIDGE_OPTION.hostBinding]: options.defaultHostAddress,
      [BRIDGE_OPTION.name]: isSettled ? known.options[BRIDGE_OPTION.name]! : options.bridge,
      [BRIDGE_OPTION.mtu]: String(options.mtu),
    },
    labels: {},
    ...(foreignBridge ? { foreignBridge } : {}),
  };
}

function defaultPools(
  request: DefaultsRequest,
  known: NetworkRecord | undefined,
  foreign: boolean,
): IpamPoolConfig[] {
  const { options, existing } = request;
  const others = existing.filter(({ name }) => name !== "bridge");
  const pools = options.addressPools.length > 0 ? options.addressPools : DEFAULT_BRIDGE_POOLS;
  const ownOf = (family: 4 | 6): OwnPool => ({
    family,
    link: foreign ? linkAddress(request, family) : undefined,
    known: known?.ipam.config.find((config) => parseCidr(config.Subnet!)?.prefix.family === family),
  });
  const six = options.ipv6
    ? poolOf(ownOf(6), options.bip6, options.fixedCidrV6, options.defaultGatewayV6)
    : undefined;
  const four = poolOf(ownOf(4), options.bip, options.fixedCidr, options.defaultGateway);
  return completeIpam({
    config: [four, six].filter((config) => config !== undefined),
    enableIPv4: true,
    enableIPv6: options.ipv6,
    networks: others.flatMap(subnetsOf),
    avoid: request.avoid,
    pools: {
      4: pools.filter(({ base }) => !base.includes(":")),
      6: [...pools.filter(({ base }) => base.includes(":")), request.pool6],
    },
  });
}

interface OwnPool {
  readonly family: 4 | 6;
  /** Of a bridge that somebody else made. */
  readonly link: string | undefined;
  readonly known: IpamPoolConfig | undefined;
}

/** What options, a bridge that was there, or the record of an earlier start say, in this order; undefined: choose one. */
function poolOf(
  own: OwnPool,
  bip: string | undefined,
  fixedCidr: string | undefined,
  gateway: string | undefined,
): IpamPoolConfig | undefined {
  const address = checkedBip(bip, own.family) ?? own.link;
  const subnet = address ? formatPrefix(parseCidr(address)!.prefix) : (own.known?.Subnet ?? fixedCidr);
  if (subnet === undefined) return undefined;
  const bridge = address ? formatIp(parseCidr(address)!.address) : own.known?.Gateway;
  if (gateway && parseIp(gateway)?.family !== own.family)
    throw new InvalidArgument(`invalid default gateway "${gateway}": expected an IPv${own.family} address`);
  return {
    Subnet: subnet,
    ...(fixedCidr && fixedCidr !== subnet ? { IPRange: fixedCidr } : {}),
    ...(bridge ? { Gateway: bridge } : {}),
    ...(gateway ? { AuxiliaryAddresses: { [GATEWAY_OVERRIDE[own.family]]: gateway } } : {}),
  };
}

function checkedBip(text: string | undefined, family: 4 | 6): string | undefined {
  if (text === undefined) return undefined;
  if (parseCidr(text)?.address.family !== family)
    throw new InvalidArgument(`invalid bip "${text}": expected an IPv${family} address like 172.26.0.1/16`);
  return text;
}

function linkAddress({ bridge = [] }: DefaultsRequest, family: 4 | 6): string | undefined {
  const usable = bridge.find(
    ({ address }) => parseIp(address)?.family === family && !address.startsWith("fe80:"),
  );
  return usable && `${usable.address}/${usable.prefixLength}`;
}

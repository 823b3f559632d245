import type { PublishedPortsPolicy } from "#spec/network-rules.ts";
import type { AddressPool } from "./ipam/pools.ts";

/** What the daemon's flags and configuration file decide about networks; names follow dockerd's. */
export interface NetworkOptions {
  /** Where sandboxes are pinned, below the run directory. */
  readonly netnsDirectory: string;
  /** nftables table, one for each daemon of a host. */
  readonly table: string;
  /** Bridge of the default network; made when missing, used as it is when present. "none": no default network. */
  readonly bridge: string;
  /** "172.26.0.1/16": address of the default bridge and, with it, its subnet. */
  readonly bip: string | undefined;
  readonly bip6: string | undefined;
  /** Part of the subnet that containers of the default network get addresses from. */
  readonly fixedCidr: string | undefined;
  readonly fixedCidrV6: string | undefined;
  readonly defaultGateway: string | undefined;
  readonly defaultGatewayV6: string | undefined;
  /** IPv6 on the default network. */
  readonly ipv6: boolean;
  /** Bytes, of the default network and of networks without an MTU of their own. */
  readonly mtu: number;
  readonly icc: boolean;
  readonly ipMasq: boolean;
  /** Turn on forwarding of packets in the kernel. */
  readonly ipForward: boolean;
  /** Host side of `-p` without an address. */
  readonly defaultHostAddress: string;
  /** Empty: the built-in pools. */
  readonly addressPools: readonly AddressPool[];
  /** What "host-gateway" stands for; empty: the default bridge's own addresses. */
  readonly hostGatewayAddresses: readonly string[];
  /** Resolvers of containers that ask for none; empty: the host's. */
  readonly dns: readonly string[];
  readonly dnsSearch: readonly string[];
  readonly dnsOptions: readonly string[];
  /** TCP ports where this engine's API asks for no key: closed to containers, who would be root on the host by it. */
  readonly enginePorts: readonly number[];
  readonly publishedPorts: PublishedPortsPolicy;
}

export const DEFAULT_NETWORK_OPTIONS: Omit<NetworkOptions, "netnsDirectory"> = {
  table: "wharf",
  bridge: "wharf0",
  bip: undefined,
  bip6: undefined,
  fixedCidr: undefined,
  fixedCidrV6: undefined,
  defaultGateway: undefined,
  defaultGatewayV6: undefined,
  ipv6: false,
  mtu: 1500,
  icc: true,
  ipMasq: true,
  ipForward: true,
  defaultHostAddress: "0.0.0.0",
  addressPools: [],
  hostGatewayAddresses: [],
  dns: [],
  dnsSearch: [],
  dnsOptions: [],
  enginePorts: [],
  publishedPorts: "docker",
};

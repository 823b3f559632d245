import { parseCidr } from "#base/ip.ts";
import type { NetworkRecord } from "../types.ts";
import { bridgeSettings } from "./options.ts";
import type { BridgeAddress, NetStep } from "./steps.ts";

/**
 * Pure: what makes a bridge network exist on this host.
 * @param defaultMtu bytes, for a network without an MTU of its own
 */
export function planBridge(network: NetworkRecord, defaultMtu: number): NetStep[] {
  const { bridge, mtu } = bridgeSettings(network);
  const ipv6 = `net/ipv6/conf/${bridge}`;
  return [
    {
      op: "bridge",
      name: bridge,
      mac: bridgeMac(network.id),
      mtu: mtu ?? defaultMtu,
      addresses: bridgeAddresses(network),
      // No address of a family the network does not have, not even a link-local one, and no router but us.
      sysctls: network.enableIPv6
        ? { [`${ipv6}/disable_ipv6`]: "0", [`${ipv6}/accept_ra`]: "0" }
        : { [`${ipv6}/disable_ipv6`]: "1" },
      foreign: network.foreignBridge ?? false,
    },
    // 127.0.0.1:PORT of the host leads to a container; the table's guard keeps everybody else away from 127.0.0.0/8.
    { op: "sysctl", netns: undefined, key: `net/ipv4/conf/${bridge}/route_localnet`, value: "1" },
  ];
}

/** The host's own addresses in the network. */
export function bridgeAddresses(network: NetworkRecord): BridgeAddress[] {
  const { gatewayModes, inhibitIPv4 } = bridgeSettings(network);
  return network.ipam.config.flatMap(({ Subnet, Gateway }) => {
    const { family, length } = parseCidr(Subnet!)!.prefix;
    const isWithout = gatewayModes[family] === "isolated" || (family === 4 && inhibitIPv4);
    return Gateway === undefined || isWithout ? [] : [{ address: Gateway, prefixLength: length }];
  });
}

/** Without one of its own a bridge changes its address with the ports that come and go. */
function bridgeMac(networkId: string): string {
  const octets = networkId.slice(0, 8).match(/../g)!;
  return ["02", "42", ...octets].join(":");
}

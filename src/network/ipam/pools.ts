import { InvalidArgument } from "#base/errors.ts";
import {
  formatPrefix,
  type IpPrefix,
  parseCidr,
  prefixesOverlap,
  prefixRange,
  prefixSize,
} from "#base/ip.ts";

/** Docker's `base=CIDR,size=N`: subnets of /N are cut from the base. */
export interface AddressPool {
  readonly base: string;
  readonly size: number;
}

/** The default network is one for many containers, and Docker's is 172.17.0.0/16. */
export const DEFAULT_BRIDGE_POOLS: readonly AddressPool[] = [
  { base: "172.17.0.0/16", size: 16 },
  { base: "172.18.0.0/15", size: 16 },
  { base: "172.20.0.0/14", size: 16 },
  { base: "172.24.0.0/13", size: 16 },
  { base: "192.168.0.0/16", size: 20 },
];

/** Networks that users make: small, so that thousands fit; 172.17.0.0/16 is left to the default network. */
export const DEFAULT_POOLS: readonly AddressPool[] = [
  { base: "172.18.0.0/15", size: 24 },
  { base: "172.20.0.0/14", size: 24 },
  { base: "172.24.0.0/13", size: 24 },
  { base: "192.168.0.0/16", size: 24 },
];

/**
 * A pool of unique local IPv6 addresses.
 * @param globalId forty random bits as ten hex digits, chosen once for a host (RFC 4193)
 */
export function uniqueLocalPool(globalId: string): AddressPool {
  const words = [`fd${globalId.slice(0, 2)}`, globalId.slice(2, 6), globalId.slice(6, 10)];
  return { base: formatPrefix(parseCidr(`${words.join(":")}::/48`)!.prefix), size: 64 };
}

/**
 * The first subnet of the pools that overlaps nothing.
 * @param taken other networks, live routes, name servers
 * @throws InvalidArgument when every one of them does
 */
export function pickSubnet(pools: readonly AddressPool[], taken: readonly IpPrefix[]): IpPrefix {
  const subnet = findSubnet(pools, taken);
  if (!subnet) throw new InvalidArgument("all predefined address pools have been fully subnetted");
  return subnet;
}

/** As `pickSubnet`; undefined when there is none. */
export function findSubnet(pools: readonly AddressPool[], taken: readonly IpPrefix[]): IpPrefix | undefined {
  for (const pool of pools) {
    const subnet = firstFree(parsePool(pool), pool.size, taken);
    if (subnet) return subnet;
  }
  return undefined;
}

/** @throws InvalidArgument when the base is no prefix or shorter subnets than itself are asked of it */
export function parsePool(pool: AddressPool): IpPrefix {
  const base = parseCidr(pool.base)?.prefix;
  if (!base)
    throw new InvalidArgument(`invalid address pool: ${pool.base}: expected a prefix like 10.0.0.0/8`);
  const bits = base.family === 4 ? 32 : 128;
  if (pool.size < base.length || pool.size > bits)
    throw new InvalidArgument(
      `invalid address pool: size ${pool.size} of ${pool.base}: expected ${base.length} to ${bits}`,
    );
  return base;
}

function firstFree(base: IpPrefix, length: number, taken: readonly IpPrefix[]): IpPrefix | undefined {
  const end = prefixRange(base).last;
  let candidate: IpPrefix = { family: base.family, first: base.first, length };
  const step = prefixSize(candidate);
  while (candidate.first <= end) {
    const obstacle = taken.find((prefix) => prefixesOverlap(prefix, candidate));
    if (!obstacle) return candidate;
    const behind = prefixRange(obstacle).last + 1n;
    const next = ((behind + step - 1n) / step) * step;
    candidate = { ...candidate, first: next };
  }
  return undefined;
}

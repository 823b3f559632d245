/** The address pools of `network create`. */
import { type IpPrefix, parseCidr, parseIp, prefixContains, prefixesOverlap } from "#base/ip.ts";
import type { IpamPoolConfig } from "#spec/docker/networks.ts";
import { CliError } from "../errors.ts";

export interface PoolFlags {
  readonly subnets: readonly string[];
  readonly ranges: readonly string[];
  readonly gateways: readonly string[];
  /** Name to address. */
  readonly auxiliary: Readonly<Record<string, string>>;
}

/**
 * One pool for each subnet, with the range, gateway and reserved addresses that lie in it.
 * @throws CliError when something lies in no subnet, or a subnet would get two of what it can have once
 */
export function planPools({ subnets, ranges, gateways, auxiliary }: PoolFlags): IpamPoolConfig[] {
  if (ranges.length > subnets.length || gateways.length > subnets.length)
    throw new CliError("every ip-range or gateway must have a corresponding subnet");
  checkOverlaps(subnets);
  const pools = new Map<string, IpamPoolConfig>(subnets.map((Subnet) => [Subnet, { Subnet }]));
  const poolOf = (text: string, what: string) => {
    const subnet = subnets.find((one) => contains(one, text));
    if (subnet === undefined) throw new CliError(`no matching subnet for ${what} ${text}`);
    return pools.get(subnet)!;
  };
  for (const range of ranges) {
    const pool = poolOf(range, "range");
    if (pool.IPRange)
      throw new CliError(
        `cannot configure multiple ranges (${range}, ${pool.IPRange}) on the same subnet (${pool.Subnet})`,
      );
    pool.IPRange = range;
  }
  for (const gateway of gateways) {
    const pool = poolOf(gateway, "gateway");
    if (pool.Gateway)
      throw new CliError(
        `cannot configure multiple gateways (${gateway}, ${pool.Gateway}) for the same subnet (${pool.Subnet})`,
      );
    pool.Gateway = gateway;
  }
  for (const [name, address] of Object.entries(auxiliary)) {
    const pool = poolOf(address, "aux-address");
    pool.AuxiliaryAddresses = { ...pool.AuxiliaryAddresses, [name]: address };
  }
  return [...pools.values()];
}

function checkOverlaps(subnets: readonly string[]): void {
  const prefixes = subnets.map((text) => parseCidr(text)?.prefix);
  const overlaps = prefixes.some((a, i) => prefixes.some((b, j) => i < j && a && b && prefixesOverlap(a, b)));
  if (overlaps) throw new CliError("multiple overlapping subnet configuration is not supported");
}

/** Whether an address or the start of a range lies in the subnet; texts that cannot be read lie nowhere. */
function contains(subnet: string, text: string): boolean {
  const prefix: IpPrefix | undefined = parseCidr(subnet)?.prefix;
  const address = parseCidr(text)?.address ?? parseIp(text);
  return prefix !== undefined && address !== undefined && prefixContains(prefix, address);
}

import { formatPrefix, type IpPrefix, parseCidr } from "#base/ip.ts";
import type { NetworkRecords } from "../records.ts";
import type { NetworkRecord } from "../types.ts";
import { REST_MS } from "./allocate.ts";
import { subnetsOf } from "./config.ts";

/** Subnets of a network that goes: whoever still has its containers' addresses in mind should not reach others by them. */
export function restSubnets(
  { restingSubnets: collection }: Pick<NetworkRecords, "restingSubnets">,
  network: NetworkRecord,
  atMs: number,
): void {
  for (const prefix of subnetsOf(network)) collection.put({ subnet: formatPrefix(prefix), atMs });
}

/** The oldest first; those that have rested are forgotten. */
export function restingSubnets(
  { restingSubnets: collection }: Pick<NetworkRecords, "restingSubnets">,
  nowMs: number,
): IpPrefix[] {
  const resting = collection.list().sort((a, b) => a.atMs - b.atMs);
  for (const { subnet, atMs } of resting) if (nowMs - atMs >= REST_MS) collection.delete(subnet);
  return resting.filter(({ atMs }) => nowMs - atMs < REST_MS).map(({ subnet }) => parseCidr(subnet)!.prefix);
}

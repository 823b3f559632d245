import type { Clock } from "#base/clock.ts";
import { newId } from "#base/ids.ts";
import type { Log } from "#base/log.ts";
import type { Kernel } from "#kernel/types.ts";
import { ownUniqueLocalPool, prefixesInUse } from "./host-facts.ts";
import type { Ipam } from "./ipam/ipam.ts";
import type { NetworkOptions } from "./options.ts";
import { bridgeAddresses } from "./plan/bridge.ts";
import { planDefaultNetworks } from "./plan/defaults.ts";
import { bridgeSettings } from "./plan/options.ts";
import type { BridgeAddress } from "./plan/steps.ts";
import { endpointsIn, type NetworkRecords } from "./records.ts";
import { rfc3339 } from "./time.ts";
import type { NetworkRecord } from "./types.ts";

export interface DefaultNetworksDeps {
  readonly kernel: Pick<Kernel, "host">;
  readonly records: NetworkRecords;
  readonly ipam: Ipam;
  readonly options: NetworkOptions;
  readonly clock: Clock;
  readonly log: Log;
}

/** Brings the records of the predefined networks up to the daemon's options. @param running containers that live */
export function settleDefaultNetworks(deps: DefaultNetworksDeps, running: ReadonlySet<string>): void {
  const { kernel, records, options, clock } = deps;
  const existing = records.networks.list();
  const before = existing.find(({ name }) => name === "bridge");
  const isInUse = before !== undefined && isUsed(records, before, running);
  const link = options.bridge === "none" ? undefined : kernel.host.findLink(options.bridge);
  const planned = planDefaultNetworks({
    options,
    existing,
    bridge: link && addressesOf(kernel, link.index),
    avoid: prefixesInUse(kernel, link?.index),
    pool6: ownUniqueLocalPool(records),
    isInUse,
    newId,
    created: rfc3339(clock.now()),
  });
  const after = planned.find(({ name }) => name === "bridge");
  records.transaction(() => {
    for (const network of planned) records.networks.put(network);
    if (before && !after && !isInUse) records.networks.delete(before.id);
  });
  if (before && !isInUse) removeOutdated(deps, before, after);
}

function isUsed(records: NetworkRecords, network: NetworkRecord, running: ReadonlySet<string>): boolean {
  return endpointsIn(records, network.id).some(({ containerId }) => running.has(containerId));
}

function addressesOf({ host }: Pick<Kernel, "host">, linkIndex: number): BridgeAddress[] {
  return host.addresses().filter((address) => address.linkIndex === linkIndex);
}

/** What the options took from the default network goes: its bridge, or addresses of it. New ones come with the bridges. */
function removeOutdated(
  deps: DefaultNetworksDeps,
  before: NetworkRecord,
  after: NetworkRecord | undefined,
): void {
  const { kernel, ipam, log } = deps;
  const { bridge } = bridgeSettings(before);
  if (after && bridgeSettings(after).bridge === bridge && sameIpam(before, after)) return;
  ipam.forget(before.id);
  const link = before.foreignBridge ? undefined : kernel.host.findLink(bridge);
  if (!link) return;
  log.info("the default network changed", { bridge, was: before.ipam.config, is: after?.ipam.config });
  if (!after || bridgeSettings(after).bridge !== bridge) {
    kernel.host.deleteLink(bridge);
    return;
  }
  const kept = bridgeAddresses(after);
  const outdated = bridgeAddresses(before).filter((address) => !kept.some((other) => isSame(address, other)));
  for (const present of addressesOf(kernel, link.index))
    if (outdated.some((address) => isSame(address, present)))
      kernel.host.removeAddress(link.index, present.address, present.prefixLength);
}

function sameIpam(a: NetworkRecord, b: NetworkRecord): boolean {
  return Bun.deepEquals(a.ipam, b.ipam); // a record that was stored may have its keys in another order
}

function isSame(a: BridgeAddress, b: BridgeAddress): boolean {
  return a.address === b.address && a.prefixLength === b.prefixLength;
}

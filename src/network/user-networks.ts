import type { Clock } from "#base/clock.ts";
import {
  Conflict,
  EngineError,
  Internal,
  InvalidArgument,
  messageOf,
  PermissionDenied,
} from "#base/errors.ts";
import { newId, shortId } from "#base/ids.ts";
import type { Events } from "#events/types.ts";
import type { Kernel } from "#kernel/types.ts";
import type { NetworkCreateRequest } from "#spec/docker/networks.ts";
import { type ApplyDeps, applySteps, undoSteps } from "./apply.ts";
import { checkConfigIsFree, withConfiguration } from "./config-networks.ts";
import { checkCreateRequest, isPredefined } from "./create-request.ts";
import { driverNamed } from "./drivers/all.ts";
import { pruneFilter } from "./filters.ts";
import { enableForwarding, ownUniqueLocalPool, prefixesInUse } from "./host-facts.ts";
import { checkIpam, completeIpam, subnetsOf } from "./ipam/config.ts";
import type { Ipam } from "./ipam/ipam.ts";
import { DEFAULT_POOLS } from "./ipam/pools.ts";
import { restingSubnets, restSubnets } from "./ipam/rest.ts";
import type { LeavingLinks } from "./leaving-links.ts";
import { getNetwork } from "./lookup.ts";
import type { NetworkOptions } from "./options.ts";
import type { NetStep } from "./plan/steps.ts";
import { endpointsIn, type NetworkRecords } from "./records.ts";
import { rfc3339 } from "./time.ts";
import type { NetworkFilters, NetworkRecord } from "./types.ts";

export interface UserNetworksDeps extends ApplyDeps {
  readonly kernel: Pick<Kernel, "netns" | "host" | "sysctl">;
  readonly records: NetworkRecords;
  readonly leaving: LeavingLinks;
  readonly ipam: Ipam;
  readonly events: Pick<Events, "emit">;
  readonly clock: Clock;
  readonly options: NetworkOptions;
}

/**
 * Makes a network: judged and given addresses as a value, stored, then made.
 * @throws EngineError with Docker's text
 */
export function createNetwork(deps: UserNetworksDeps, request: NetworkCreateRequest): NetworkRecord {
  const { records } = deps;
  using undo = new DisposableStack();
  const network = planNetwork(deps, request);
  records.networks.put(network);
  undo.defer(() => records.networks.delete(network.id));
  if (network.enableIPv6) enableForwarding(deps, 6);
  try {
    undo.use(applySteps(deps, stepsOf(deps, network)));
  } catch (error) {
    if (error instanceof EngineError) throw error;
    throw new Internal(`failed to create network ${network.name}: ${messageOf(error)}`, { cause: error });
  }
  emit(deps, "create", network);
  undo.move();
  return network;
}

/** @throws PermissionDenied for a predefined network or one with endpoints */
export function removeNetwork(deps: UserNetworksDeps, nameOrId: string): void {
  const { records, ipam, leaving } = deps;
  const network = removableNetwork(records, nameOrId);
  undoSteps({ ...deps, removeLink: (name) => leaving.remove(name) }, stepsOf(deps, network));
  records.transaction(() => {
    records.networks.delete(network.id);
    ipam.forget(network.id);
    restSubnets(records, network, deps.clock.now());
  });
  emit(deps, "destroy", network);
}

/** @throws as `removeNetwork` */
export function removableNetwork(records: NetworkRecords, nameOrId: string): NetworkRecord {
  const network = getNetwork(records, nameOrId);
  if (isPredefined(network.name))
    throw new PermissionDenied(`${network.name} is a pre-defined network and cannot be removed`);
  checkConfigIsFree(network, records.networks.list());
  const endpoints = endpointsIn(records, network.id);
  if (endpoints.length > 0) {
    const list = endpoints.map(({ containerName, id }) => `name:"${containerName}" id:"${shortId(id)}"`);
    throw new PermissionDenied(
      `error while removing network: network ${network.name} has active endpoints (${list.join(", ")})`,
    );
  }
  return network;
}

export function unusedNetworks(
  { records, clock }: Pick<UserNetworksDeps, "records" | "clock">,
  filters: NetworkFilters,
): NetworkRecord[] {
  const matches = pruneFilter(filters, clock.now());
  return records.networks
    .list()
    .filter(
      (network) => matches(network) && !network.configOnly && endpointsIn(records, network.id).length === 0,
    );
}

/** Removes unused networks. @returns their names */
export function pruneNetworks(deps: UserNetworksDeps, filters: NetworkFilters): string[] {
  const unused = unusedNetworks(deps, filters);
  for (const { id } of unused) removeNetwork(deps, id);
  deps.events.emit({ type: "network", action: "prune", id: "", attributes: { reclaimed: "0" } });
  return unused.map(({ name }) => name);
}

function planNetwork(deps: UserNetworksDeps, request: NetworkCreateRequest): NetworkRecord {
  const { records, kernel, options, clock } = deps;
  const others = records.networks.list();
  const checked = checkCreateRequest(withConfiguration(request, others));
  if (others.some(({ name }) => name === checked.name))
    throw new Conflict(`network with name ${checked.name} already exists`);
  const draft: NetworkRecord = { ...checked, id: newId(), created: rfc3339(clock.now()) };
  if (draft.configOnly) {
    checkIpam(draft.ipam.config);
    return draft;
  }
  const driver = driverNamed(draft.driver);
  driver.check(draft);
  const link = driver.hostLink(draft);
  if (link !== undefined) checkLink(draft, link, others);
  checkParentIsFree(draft, others);
  if (driver.parent) checkParentIsThere(kernel, driver.planNetwork(draft, options), driver.parent(draft));
  const pools = options.addressPools.length > 0 ? options.addressPools : DEFAULT_POOLS;
  const config = completeIpam({
    config: draft.ipam.config,
    enableIPv4: draft.enableIPv4,
    enableIPv6: draft.enableIPv6,
    networks: others.flatMap(subnetsOf),
    avoid: prefixesInUse(kernel),
    resting: restingSubnets(records, clock.now()),
    pools: {
      4: pools.filter(({ base }) => !base.includes(":")),
      6: [...pools.filter(({ base }) => base.includes(":")), ownUniqueLocalPool(records)],
    },
    takesSeveral: driver.takesSeveralSubnets ?? false,
    withoutGateway: ([4, 6] as const).filter((family) => driver.isWithoutGateway?.(draft, family)),
  });
  const needed = link ?? driver.parent?.(draft);
  if (needed !== undefined) deps.leaving.settle(needed);
  const foreignBridge = needed !== undefined && kernel.host.findLink(needed) !== undefined;
  return { ...draft, ipam: { ...draft.ipam, config }, ...(foreignBridge ? { foreignBridge } : {}) };
}

function checkLink({ name, id }: NetworkRecord, link: string, others: readonly NetworkRecord[]): void {
  const owner = others.find((other) => driverNamed(other.driver).hostLink(other) === link);
  if (owner)
    throw new PermissionDenied(
      `cannot create network ${id} (${link}): conflicts with network ${owner.id} (${link}): networks have same bridge name`,
      { hint: `${owner.name} has the bridge that ${name} asks for` },
    );
}

/** Two networks on one card could not tell their containers apart. */
function checkParentIsFree(draft: NetworkRecord, others: readonly NetworkRecord[]): void {
  const parent = driverNamed(draft.driver).parent?.(draft);
  const owner = others.find(
    (other) => parent !== undefined && driverNamed(other.driver).parent?.(other) === parent,
  );
  if (owner)
    throw new PermissionDenied(`network ${owner.id} is already using parent interface ${parent}`, {
      hint: `it is the network ${owner.name}; name another interface, or one with a VLAN tag such as ${parent}.10`,
    });
}

/** A card is not ours to make, but for its VLANs. */
function checkParentIsThere(
  { host }: UserNetworksDeps["kernel"],
  steps: readonly NetStep[],
  parent: string | undefined,
): void {
  const made = steps.find((step) => step.op === "parent");
  const needed = made === undefined ? parent : made.kind === "vlan" ? made.on : undefined;
  if (needed !== undefined && host.linkIndex(needed) === undefined)
    throw new InvalidArgument(`invalid subinterface or parent: interface ${needed} is not on this host`);
}

function stepsOf({ options }: UserNetworksDeps, network: NetworkRecord): NetStep[] {
  const driver = driverNamed(network.driver);
  return [...driver.planNetwork(network, options), { op: "rules", add: driver.rules(network), remove: [] }];
}

function emit({ events }: UserNetworksDeps, action: "create" | "destroy", network: NetworkRecord): void {
  const { id, name, driver: type } = network;
  events.emit({ type: "network", action, id, attributes: { name, type } });
}

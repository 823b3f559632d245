import { join } from "node:path";
import { namesIn } from "#base/fs.ts";
import type { LinkInfo } from "#kernel/types.ts";
import { applySteps, undoSteps } from "./apply.ts";
import { driverNamed } from "./drivers/all.ts";
import { HOST_INTERFACE_NAME } from "./plan/endpoint.ts";
import { planDefaultRoutes } from "./plan/gateway.ts";
import type { NetStep } from "./plan/steps.ts";
import type { Rules } from "./rules.ts";
import type { SandboxDeps, Sandboxes } from "./sandboxes.ts";
import type { EndpointRecord, SandboxRecord } from "./types.ts";

export interface ReconcileDeps extends SandboxDeps {
  readonly rules: Rules;
  readonly sandboxes: Sandboxes;
}

/**
 * Makes the kernel agree with the records after a restart: what a running container has is left alone, what is missing is
 * made, what nobody owns goes. One broken network or container does not keep the others from coming up.
 * @param running containers that live
 */
export function reconcile(deps: ReconcileDeps, running: ReadonlySet<string>): void {
  const { records, rules, sandboxes, log, options } = deps;
  const known = records.sandboxes.list();
  for (const network of records.networks.list())
    attempt(deps, `network ${network.name}`, () =>
      applySteps(deps, driverNamed(network.driver).planNetwork(network, options)),
    );
  rules.load();
  for (const sandbox of known) {
    const { containerId, containerName } = sandbox;
    if (running.has(containerId))
      attempt(deps, `the network of ${containerName}`, () => repair(deps, sandbox));
    else {
      log.info("closing the network of a container that ended meanwhile", { container: containerName });
      attempt(deps, `the network of ${containerName}`, () => sandboxes.close(containerId));
    }
  }
  const views = records.sandboxes.list().map((sandbox) => sandboxes.view(sandbox));
  deps.names.sync(views.filter((view) => view !== undefined));
  removeUnownedNamespaces(deps);
  removeUnownedLinks(deps, known);
}

function attempt(deps: ReconcileDeps, what: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    deps.log.error(`cannot restore ${what}`, { error });
  }
}

/** Endpoints whose interface is gone, as after somebody deleted a bridge, get a new one with the same addresses. */
function repair(deps: ReconcileDeps, sandbox: SandboxRecord): void {
  const { kernel, ports, sandboxes, log } = deps;
  ports.reclaim(sandbox);
  if (sandbox.netnsPath === "") return;
  if (!kernel.netns.isPinned(sandbox.netnsPath)) {
    log.warn("the network namespace of a running container is not where it was", {
      container: sandbox.containerName,
      path: sandbox.netnsPath,
    });
    return;
  }
  for (const { networkId, change } of sandbox.endpoints)
    if (change === "leaving") sandboxes.disconnect(sandbox.containerId, networkId);
  for (const endpoint of sandbox.endpoints.filter(({ change }) => change !== "leaving")) {
    const joins = sandboxes.planJoin(sandbox, endpoint, "endpoint");
    if (endpoint.change !== "joining" && isAttached(deps, joins)) continue;
    log.warn("joining a running container to its network anew", {
      container: sandbox.containerName,
      network: endpoint.networkName,
    });
    undoSteps(deps, joins);
    applySteps(deps, [...joins, ...routesBy(sandbox, endpoint)]);
    if (endpoint.change === "joining") markJoined(deps, sandbox.containerId);
  }
}

function markJoined({ records }: ReconcileDeps, containerId: string): void {
  const sandbox = records.sandboxes.get(containerId)!;
  const endpoints = sandbox.endpoints.map(({ change: _, ...endpoint }) => endpoint);
  records.sandboxes.put({ ...sandbox, endpoints });
}

function isAttached({ kernel }: ReconcileDeps, joins: readonly NetStep[]): boolean {
  return joins.every((step) => {
    if (step.op === "sub-interface") return hasLink(kernel, step.netns, step.name);
    if (step.op !== "veth") return true;
    const link = kernel.host.findLink(step.host);
    return link !== undefined && link.masterIndex === kernel.host.findLink(step.bridge)?.index;
  });
}

function hasLink(kernel: ReconcileDeps["kernel"], netns: string, name: string): boolean {
  using namespace = kernel.netns.open(netns);
  return namespace.netlink.findLink(name) !== undefined;
}

function routesBy(sandbox: SandboxRecord, endpoint: EndpointRecord): NetStep[] {
  const others = sandbox.endpoints.filter(({ id }) => id !== endpoint.id);
  const steps = planDefaultRoutes(others, sandbox.endpoints);
  return steps.length > 0 ? [{ op: "links", netns: sandbox.netnsPath, steps }] : [];
}

function removeUnownedNamespaces({ kernel, records, options }: ReconcileDeps): void {
  const owned = new Set(records.sandboxes.list().map(({ netnsPath }) => netnsPath));
  for (const name of namesIn(options.netnsDirectory)) {
    const path = join(options.netnsDirectory, name);
    if (!owned.has(path)) kernel.netns.remove(path);
  }
}

/**
 * Only links on bridges of ours with names of our making: other engines have theirs on the same host. Links of sandboxes
 * closed a moment ago are on their way out without us.
 */
function removeUnownedLinks({ kernel, records }: ReconcileDeps, known: readonly SandboxRecord[]): void {
  const bridges = new Set(
    records.networks.list().map((network) => driverNamed(network.driver).hostLink(network)),
  );
  const links = kernel.host.links();
  const masters = new Set(links.filter(({ name }) => bridges.has(name)).map(({ index }) => index));
  const owned = new Set(
    known.flatMap(({ endpoints }) => endpoints.map((endpoint) => endpoint.hostInterfaceName)),
  );
  const isUnowned = ({ name, masterIndex }: LinkInfo) =>
    masterIndex !== undefined &&
    masters.has(masterIndex) &&
    HOST_INTERFACE_NAME.test(name) &&
    !owned.has(name);
  for (const { name } of links.filter(isUnowned)) kernel.host.deleteLink(name);
}

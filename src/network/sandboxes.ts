import { join } from "node:path";
import { Conflict, EngineError, Internal, messageOf } from "#base/errors.ts";
import type { Events } from "#events/types.ts";
import type { FirewallElement, Kernel } from "#kernel/types.ts";
import type { EndpointSettings } from "#spec/docker/networks.ts";
import { type ApplyDeps, applySteps, undoSteps } from "./apply.ts";
import { checkHasPlaces } from "./config-networks.ts";
import type { NameService } from "./dns/service.ts";
import type { SandboxView } from "./dns/types.ts";
import { hasNames, hostAddressesFor, viewOf } from "./dns/view.ts";
import { driverNamed } from "./drivers/all.ts";
import { makeEndpoint } from "./endpoints.ts";
import type { Ipam } from "./ipam/ipam.ts";
import type { LeavingLinks } from "./leaving-links.ts";
import { findNetwork, getNetwork } from "./lookup.ts";
import type { NetworkOptions } from "./options.ts";
import { planEndpointSysctls } from "./plan/endpoint-sysctls.ts";
import { portElements } from "./plan/firewall.ts";
import { portText } from "./plan/port-text.ts";
import { checkCompany, hostNetworkConflict, planConnect, planDisconnect, planOpen } from "./plan/sandbox.ts";
import type { NetStep, VethStep } from "./plan/steps.ts";
import type { SandboxPorts } from "./ports/sandbox-ports.ts";
import type { NetworkRecords } from "./records.ts";
import type { Rules } from "./rules.ts";
import type { EndpointRecord, NetworkRecord, PublishChange, SandboxRecord, SandboxRequest } from "./types.ts";

export interface SandboxDeps extends ApplyDeps {
  readonly rules: Pick<Rules, "change" | "guardsBridges">;
  readonly kernel: Pick<Kernel, "netns" | "host" | "sysctl">;
  readonly records: NetworkRecords;
  readonly ipam: Ipam;
  readonly ports: SandboxPorts;
  readonly events: Pick<Events, "emit">;
  readonly names: NameService;
  readonly leaving: Pick<LeavingLinks, "remove" | "finish" | "expect">;
  readonly options: Pick<NetworkOptions, "netnsDirectory" | "mtu" | "dns" | "hostGatewayAddresses">;
}

/** Containers' namespaces, from the first step to the last. Records come first, so that every crash leaves a trail. */
export class Sandboxes {
  readonly #deps: SandboxDeps;

  constructor(deps: SandboxDeps) {
    this.#deps = deps;
  }

  open(request: SandboxRequest): SandboxRecord {
    this.close(request.containerId); // what a crash or a failed stop left under this id
    using undo = new DisposableStack();
    const sandbox = this.#deps.records.transaction(() => this.#decide(request, undo));
    const joins = sandbox.endpoints.flatMap((endpoint) => this.planJoin(sandbox, endpoint, "namespace"));
    this.#apply(
      sandbox.containerName,
      planOpen(sandbox, joins, request.sysctls ?? {}, this.elements(sandbox)),
      undo,
    );
    this.tellNames(sandbox);
    for (const endpoint of sandbox.endpoints) this.#emit("connect", endpoint);
    undo.move(); // from here on the record knows what to undo
    return sandbox;
  }

  /** Everything is tried, though a step fails. */
  close(containerId: string): void {
    const { records, kernel, rules, ports, leaving } = this.#deps;
    const sandbox = records.sandboxes.get(containerId);
    if (!sandbox) return;
    using teardown = new DisposableStack();
    teardown.defer(() => this.#deps.names.close(containerId));
    for (const endpoint of sandbox.endpoints) teardown.defer(() => this.#forget(endpoint));
    teardown.defer(() => records.sandboxes.delete(containerId));
    if (sandbox.netnsPath !== "") {
      teardown.defer(() => leaving.expect(sandbox.endpoints.map((endpoint) => endpoint.hostInterfaceName)));
      teardown.defer(() => kernel.netns.remove(sandbox.netnsPath));
    }
    teardown.defer(() => ports.letGo(containerId));
    teardown.defer(() => rules.change({ add: [], remove: this.elements(sandbox) }));
  }

  connect(containerId: string, nameOrId: string, settings: EndpointSettings): EndpointRecord {
    const network = getNetwork(this.#deps.records, nameOrId);
    const before = this.#running(containerId);
    if (!driverNamed(network.driver).hasSandbox) throw hostNetworkConflict();
    checkHasPlaces(network);
    checkCompany([...this.#driversOf(before), network.driver]);
    this.#deps.leaving.finish();
    using undo = new DisposableStack();
    const { containerName, endpoints: siblings } = before;
    const request = { network, containerId, containerName, settings, siblings };
    const endpoint = makeEndpoint(this.#deps.ipam, request, undo);
    const after = { ...before, endpoints: [...siblings, endpoint] };
    this.#store({ ...after, endpoints: [...siblings, { ...endpoint, change: "joining" }] }, before, undo);
    const joins = this.planJoin(after, endpoint, "endpoint");
    this.#apply(containerName, planConnect(before, after, joins, this.#change(before, after)), undo);
    this.#deps.records.sandboxes.put(after);
    this.#deps.ports.move(before, after);
    this.tellNames(after);
    this.#emit("connect", endpoint);
    undo.move();
    return endpoint;
  }

  /** Other host ports for a running container: all of the change or nothing. */
  publish(containerId: string, { add, remove }: PublishChange): SandboxRecord {
    const { ports } = this.#deps;
    const before = this.#running(containerId);
    if (!ports.canPublish(before))
      throw new Conflict(`container ${before.containerName} publishes no ports: no network leads to it`, {
        hint: "networks that are internal, and those of other drivers than bridge, have no way in from the host",
      });
    const gone = new Set(remove.map(portText));
    const kept = { ...before, ports: before.ports.filter((port) => !gone.has(portText(port))) };
    using undo = new DisposableStack();
    ports.withdraw(before, remove); // first: a port may change what it leads to
    undo.defer(() => ports.restore(before, remove));
    const added = ports.claim(kept, { portBindings: add, publishAll: [] });
    undo.defer(() => ports.withdraw(kept, added));
    const after = { ...kept, ports: [...kept.ports, ...added] };
    this.#store(after, before, undo);
    this.#apply(before.containerName, [{ op: "rules", ...this.#change(before, after) }], undo);
    undo.move();
    return after;
  }

  disconnect(containerId: string, nameOrId: string): void {
    const network = getNetwork(this.#deps.records, nameOrId);
    const before = this.#deps.records.sandboxes.get(containerId);
    const endpoint = before?.endpoints.find(({ networkId }) => networkId === network.id);
    if (!before || !endpoint)
      throw new Internal(`container ${containerId} is not connected to network ${network.name}`);
    if (!driverNamed(network.driver).hasSandbox) throw hostNetworkConflict();
    const others = before.endpoints.filter(({ id }) => id !== endpoint.id);
    const after = { ...before, endpoints: others };
    using undo = new DisposableStack();
    this.#store({ ...before, endpoints: [...others, { ...endpoint, change: "leaving" }] }, before, undo);
    this.#apply(before.containerName, planDisconnect(before, after, this.#change(before, after)), undo);
    const removeLink = (name: string) => this.#deps.leaving.remove(name);
    undoSteps({ ...this.#deps, removeLink }, this.planJoin(before, endpoint, "endpoint"));
    undo.move();
    this.#deps.records.sandboxes.put(after);
    this.#deps.ports.move(before, after);
    this.tellNames(after);
    this.#forget(endpoint);
  }

  rename(containerId: string, containerName: string): void {
    const sandbox = this.#deps.records.sandboxes.get(containerId);
    if (!sandbox) return;
    const endpoints = sandbox.endpoints.map((endpoint) => ({ ...endpoint, containerName }));
    const renamed = { ...sandbox, containerName, endpoints };
    this.#deps.records.sandboxes.put(renamed);
    this.tellNames(renamed);
  }

  /** What the container is called, and whom it asks. */
  tellNames(sandbox: SandboxRecord): void {
    const { names } = this.#deps;
    const view = this.view(sandbox);
    if (view) names.set(view);
    else names.close(sandbox.containerId);
  }

  view(sandbox: SandboxRecord): SandboxView | undefined {
    const networks = sandbox.endpoints.map((endpoint) => this.#networkOf(endpoint));
    if (!networks.some(hasNames)) return undefined; // most starts: nothing more is looked up
    const hostAddresses = hostAddressesFor(sandbox, {
      given: this.#deps.options.hostGatewayAddresses,
      defaultNetwork: findNetwork(this.#deps.records, "bridge"),
      networks,
    });
    return viewOf(sandbox, networks, hostAddresses);
  }

  /** Everything a container adds to the firewall. */
  elements(sandbox: SandboxRecord): FirewallElement[] {
    const places = sandbox.endpoints.flatMap((endpoint) => {
      const network = this.#networkOf(endpoint);
      const siblings = sandbox.endpoints.filter(({ id }) => id !== endpoint.id);
      return driverNamed(network.driver).endpointRules(network, endpoint, siblings);
    });
    return [...places, ...portElements(sandbox)];
  }

  #change(before: SandboxRecord, after: SandboxRecord) {
    return { add: this.elements(after), remove: this.elements(before) };
  }

  /** The driver's steps for one endpoint of a sandbox. */
  planJoin(sandbox: SandboxRecord, endpoint: EndpointRecord, endsWith: VethStep["endsWith"]): NetStep[] {
    const network = this.#networkOf(endpoint);
    const { mtu: defaultMtu } = this.#deps.options;
    const isolatesPorts = !this.#deps.rules.guardsBridges;
    const request = { endpoint, netnsPath: sandbox.netnsPath, endsWith, defaultMtu, isolatesPorts };
    return [
      ...driverNamed(network.driver).planEndpoint(network, request),
      ...planEndpointSysctls(endpoint, sandbox.netnsPath),
    ];
  }

  #decide(request: SandboxRequest, undo: DisposableStack): SandboxRecord {
    const networks = request.endpoints.map(({ network }) => getNetwork(this.#deps.records, network));
    networks.forEach(checkHasPlaces);
    checkCompany(networks.map(({ driver }) => driver));
    const { containerId, containerName } = request;
    const endpoints: EndpointRecord[] = [];
    for (const [index, network] of networks.entries()) {
      const { settings } = request.endpoints[index]!;
      const endpoint = { network, containerId, containerName, settings, siblings: endpoints };
      endpoints.push(makeEndpoint(this.#deps.ipam, endpoint, undo));
    }
    const isInHost = networks.some(({ driver }) => !driverNamed(driver).hasSandbox);
    const netnsPath = isInHost ? "" : join(this.#deps.options.netnsDirectory, containerId);
    const dns = request.dns && request.dns.length > 0 ? request.dns : this.#deps.options.dns;
    const { hostname, links = [], exposed = [] } = request;
    const names = { hostname, dns, links, exposed };
    const unpublished = { containerId, containerName, netnsPath, endpoints, ports: [], ...names };
    const ports = this.#deps.ports.claim(unpublished, request);
    undo.defer(() => this.#deps.ports.letGo(containerId));
    const sandbox = { ...unpublished, ports };
    this.#store(sandbox, undefined, undo);
    return sandbox;
  }

  #store(sandbox: SandboxRecord, previous: SandboxRecord | undefined, undo: DisposableStack): void {
    const { sandboxes } = this.#deps.records;
    sandboxes.put(sandbox);
    undo.defer(() => {
      if (previous) sandboxes.put(previous);
      else sandboxes.delete(sandbox.containerId);
    });
  }

  #apply(containerName: string, steps: readonly NetStep[], undo: DisposableStack): void {
    try {
      undo.use(applySteps(this.#deps, steps));
    } catch (error) {
      if (error instanceof EngineError) throw error;
      throw new Internal(`failed to set up the network of ${containerName}: ${messageOf(error)}`, {
        cause: error,
      });
    }
  }

  #running(containerId: string): SandboxRecord {
    const sandbox = this.#deps.records.sandboxes.get(containerId);
    if (!sandbox) throw new Internal(`container ${containerId} is not running`);
    return sandbox;
  }

  #driversOf(sandbox: SandboxRecord): string[] {
    return sandbox.endpoints.map((endpoint) => this.#networkOf(endpoint).driver);
  }

  #networkOf(endpoint: EndpointRecord): NetworkRecord {
    return getNetwork(this.#deps.records, endpoint.networkId);
  }

  #forget(endpoint: EndpointRecord): void {
    for (const place of [endpoint.ipv4, endpoint.ipv6])
      if (place) this.#deps.ipam.release(endpoint.networkId, endpoint.containerId, place.address);
    this.#emit("disconnect", endpoint);
  }

  #emit(action: "connect" | "disconnect", endpoint: EndpointRecord): void {
    const { networkId: id, networkName: name, containerId: container } = endpoint;
    const type = this.#deps.records.networks.get(id)?.driver ?? "";
    this.#deps.events.emit({ type: "network", action, id, attributes: { container, name, type } });
  }
}

import { EngineError, Internal, InvalidArgument, messageOf } from "#base/errors.ts";
import type { Log } from "#base/log.ts";
import type { HostPorts } from "#kernel/types.ts";
import type { PublishedPortsPolicy } from "#spec/network-rules.ts";
import { driverNamed } from "../drivers/all.ts";
import { exposedTargets, gatewayEndpoint, type PortTargets, portTargets } from "../plan/gateway.ts";
import { portText } from "../plan/port-text.ts";
import { type PortWish, planPorts } from "../plan/ports.ts";
import type { NetworkRecords } from "../records.ts";
import type { EndpointRecord, PublishedPort, SandboxRecord, SandboxRequest } from "../types.ts";
import { type HoldPort, HostPortAllocator, keyOf, type PortClaim } from "./allocator.ts";
import { holdPorts } from "./hold.ts";

export interface SandboxPortsDeps {
  readonly ports: HostPorts;
  readonly records: Pick<NetworkRecords, "networks" | "sandboxes">;
  readonly log: Log;
  /** Of `-p` without an address, where the network has no default of its own. */
  readonly defaultAddress: string;
  readonly hostHasIPv6: boolean;
  readonly policy: PublishedPortsPolicy;
}

/** Host ports that this process holds for its containers. They end with the process; `reclaim` takes them again. */
export class SandboxPorts {
  readonly #deps: SandboxPortsDeps;
  readonly #allocator: HostPortAllocator;
  /** One for each host port of a container, so that one can go by itself. */
  readonly #claims = new Map<string, readonly PortClaim[]>();

  constructor(deps: SandboxPortsDeps) {
    this.#deps = deps;
    const nameOf = (id: string) => deps.records.sandboxes.get(id)?.containerName ?? id;
    this.#allocator = new HostPortAllocator(deps.ports, nameOf);
  }

  /**
   * Decides and holds the ports of a sandbox, besides those it has; none for a container that no network leads to.
   * @throws EngineError with Docker's text for a port that is taken
   */
  claim(
    sandbox: SandboxRecord,
    request: Pick<SandboxRequest, "portBindings" | "publishAll">,
  ): readonly PublishedPort[] {
    const endpoint = this.#publishingEndpoint(sandbox);
    if (!endpoint) return [];
    const targets = portTargets(sandbox.endpoints);
    try {
      const wishes = planPorts({
        bindings: request.portBindings,
        publishAll: request.publishAll,
        defaultAddress: this.#defaultAddress(endpoint),
        hostHasIPv6: this.#deps.hostHasIPv6,
        targets,
        exposed: exposedTargets(sandbox.endpoints),
      });
      if (this.#deps.policy === "host-input") checkCanBeCopied(wishes);
      const held = wishes.filter(({ hostAddresses }) => hostAddresses.length > 0);
      return [
        ...this.#claimAll(sandbox.containerId, held, holdPorts(this.#deps, targets)),
        ...wishes.flatMap(exposedPorts),
      ];
    } catch (error) {
      throw explained(error, endpoint);
    }
  }

  /** Whether a network leads to the container from the host. */
  canPublish(sandbox: SandboxRecord): boolean {
    return this.#publishingEndpoint(sandbox) !== undefined;
  }

  /** Holds ports decided earlier: after a restart, or when they lead to another address now. */
  reclaim(sandbox: SandboxRecord): void {
    this.letGo(sandbox.containerId);
    this.#hold(sandbox, sandbox.ports);
  }

  /** Gives some of a container's ports back. */
  withdraw(sandbox: SandboxRecord, ports: readonly PublishedPort[]): void {
    const gone = new Set(ports.map(portText));
    const isGone = (port: PublishedPort) => gone.has(portText(port));
    const kept: PortClaim[] = [];
    const remainders: PublishedPort[] = [];
    for (const claim of this.#claims.get(sandbox.containerId) ?? []) {
      if (!claim.ports.some(isGone)) kept.push(claim);
      else {
        claim[Symbol.dispose]();
        remainders.push(...claim.ports.filter((port) => !isGone(port)));
      }
    }
    this.#claims.set(sandbox.containerId, kept);
    this.#hold(sandbox, remainders);
  }

  /** Takes ports back that were withdrawn a moment ago. */
  restore(sandbox: SandboxRecord, ports: readonly PublishedPort[]): void {
    this.#hold(sandbox, ports);
  }

  /** Relays follow the container to another address. */
  move(before: SandboxRecord, after: SandboxRecord): void {
    if (!sameTargets(portTargets(before.endpoints), portTargets(after.endpoints))) this.reclaim(after);
  }

  letGo(containerId: string): void {
    for (const claim of this.#claims.get(containerId) ?? []) claim[Symbol.dispose]();
    this.#claims.delete(containerId);
  }

  [Symbol.dispose](): void {
    for (const containerId of [...this.#claims.keys()]) this.letGo(containerId);
  }

  /** All or nothing. */
  #claimAll(containerId: string, wishes: readonly PortWish[], hold: HoldPort): readonly PublishedPort[] {
    if (wishes.length === 0) return [];
    using undo = new DisposableStack();
    const claims = wishes.map((wish) => undo.use(this.#allocator.claim([wish], hold, containerId)));
    this.#add(containerId, claims);
    undo.move();
    return claims.flatMap(({ ports }) => ports);
  }

  #hold(sandbox: SandboxRecord, ports: readonly PublishedPort[]): void {
    if (ports.length === 0) return;
    const hold = holdPorts(this.#deps, portTargets(sandbox.endpoints));
    const ofHost = ports.filter(({ hostPort }) => hostPort !== 0);
    const onFailure = (error: unknown) =>
      this.#deps.log.warn("a published port of a running container cannot be held", {
        container: sandbox.containerName,
        error,
      });
    const groups = [...Map.groupBy(ofHost, keyOf).values()];
    const claims = groups.map((group) =>
      this.#allocator.reclaim(group, hold, onFailure, sandbox.containerId),
    );
    this.#add(sandbox.containerId, claims);
  }

  #add(containerId: string, claims: readonly PortClaim[]): void {
    this.#claims.set(containerId, [...(this.#claims.get(containerId) ?? []), ...claims]);
  }

  #publishingEndpoint({ endpoints }: SandboxRecord): EndpointRecord | undefined {
    const publishes = (family: 4 | 6) => {
      const endpoint = gatewayEndpoint(endpoints, family);
      return endpoint?.publishing?.[family] === "none" ? undefined : endpoint;
    };
    return publishes(4) ?? publishes(6);
  }

  #defaultAddress(endpoint: EndpointRecord): string {
    const network = this.#deps.records.networks.get(endpoint.networkId)!;
    return driverNamed(network.driver).hostBinding(network) ?? this.#deps.defaultAddress;
  }
}

function sameTargets(a: PortTargets, b: PortTargets): boolean {
  return a[4] === b[4] && a[6] === b[6];
}

/** @throws InvalidArgument */
function checkCanBeCopied(wishes: readonly PortWish[]): void {
  const sctp = wishes.find(({ protocol }) => protocol === "sctp");
  if (sctp)
    throw new InvalidArgument(
      `port ${sctp.containerPort}/sctp cannot be published: with published-ports=host-input the engine copies connections, and knows TCP and UDP`,
    );
}

function exposedPorts({ protocol, containerPort, exposedBy }: PortWish): PublishedPort[] {
  return exposedBy.map((hostAddress) => ({ protocol, containerPort, hostAddress, hostPort: 0 }));
}

function explained(error: unknown, { containerName, id }: EndpointRecord): EngineError {
  if (error instanceof EngineError && error.kind !== "internal") return error;
  const hint = error instanceof EngineError ? error.hint : undefined;
  return new Internal(
    `failed to set up container networking: driver failed programming external connectivity on endpoint ${containerName} (${id}): ${messageOf(error)}`,
    { cause: error, ...(hint === undefined ? {} : { hint }) },
  );
}

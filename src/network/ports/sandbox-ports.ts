import { EngineError, Internal, messageOf } from "#base/errors.ts";
import type { Log } from "#base/log.ts";
import type { HostPorts } from "#kernel/types.ts";
import { driverNamed } from "../drivers/all.ts";
import { gatewayEndpoint, type PortTargets, portTargets } from "../plan/gateway.ts";
import { planPorts } from "../plan/ports.ts";
import type { NetworkRecords } from "../records.ts";
import type { EndpointRecord, PublishedPort, SandboxRecord, SandboxRequest } from "../types.ts";
import { HostPortAllocator, type PortClaim } from "./allocator.ts";
import { holdPorts } from "./hold.ts";

export interface SandboxPortsDeps {
  readonly ports: HostPorts;
  readonly records: Pick<NetworkRecords, "networks">;
  readonly log: Log;
  /** Of `-p` without an address, where the network has no default of its own. */
  readonly defaultAddress: string;
  readonly hostHasIPv6: boolean;
}

/** Host ports that this process holds for its containers. They end with the process; `reclaim` takes them again. */
export class SandboxPorts {
  readonly #deps: SandboxPortsDeps;
  readonly #allocator: HostPortAllocator;
  readonly #claims = new Map<string, PortClaim>();

  constructor(deps: SandboxPortsDeps) {
    this.#deps = deps;
    this.#allocator = new HostPortAllocator(deps.ports);
  }

  /**
   * Decides and holds the ports of a new sandbox; none for a container that no network leads to.
   * @throws EngineError with Docker's text for a port that is taken
   */
  claim(
    sandbox: SandboxRecord,
    request: Pick<SandboxRequest, "portBindings" | "publishAll">,
  ): readonly PublishedPort[] {
    const targets = portTargets(sandbox.endpoints);
    const endpoint = gatewayEndpoint(sandbox.endpoints, 4) ?? gatewayEndpoint(sandbox.endpoints, 6);
    if (!endpoint) return [];
    try {
      const wishes = planPorts({
        bindings: request.portBindings,
        publishAll: request.publishAll,
        defaultAddress: this.#defaultAddress(endpoint),
        hostHasIPv6: this.#deps.hostHasIPv6,
        targets,
      });
      if (wishes.length === 0) return [];
      const claim = this.#allocator.claim(wishes, holdPorts(this.#deps, targets));
      this.#claims.set(sandbox.containerId, claim);
      return claim.ports;
    } catch (error) {
      throw explained(error, endpoint);
    }
  }

  /** Holds ports decided earlier: after a restart, or when they lead to another address now. */
  reclaim(sandbox: SandboxRecord): void {
    this.letGo(sandbox.containerId);
    if (sandbox.ports.length === 0) return;
    const hold = holdPorts(this.#deps, portTargets(sandbox.endpoints));
    const claim = this.#allocator.reclaim(sandbox.ports, hold, (error) =>
      this.#deps.log.warn("a published port of a running container cannot be held", {
        container: sandbox.containerName,
        error,
      }),
    );
    this.#claims.set(sandbox.containerId, claim);
  }

  /** Relays follow the container to another address. */
  move(before: SandboxRecord, after: SandboxRecord): void {
    if (!sameTargets(portTargets(before.endpoints), portTargets(after.endpoints))) this.reclaim(after);
  }

  letGo(containerId: string): void {
    this.#claims.get(containerId)?.[Symbol.dispose]();
    this.#claims.delete(containerId);
  }

  [Symbol.dispose](): void {
    for (const containerId of [...this.#claims.keys()]) this.letGo(containerId);
  }

  #defaultAddress(endpoint: EndpointRecord): string {
    const network = this.#deps.records.networks.get(endpoint.networkId)!;
    return driverNamed(network.driver).hostBinding(network) ?? this.#deps.defaultAddress;
  }
}

function sameTargets(a: PortTargets, b: PortTargets): boolean {
  return a[4] === b[4] && a[6] === b[6];
}

function explained(error: unknown, { containerName, id }: EndpointRecord): EngineError {
  if (error instanceof EngineError && error.kind !== "internal") return error;
  return new Internal(
    `driver failed programming external connectivity on endpoint ${containerName} (${id}): ${messageOf(error)}`,
    { cause: error },
  );
}

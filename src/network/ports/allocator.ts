import { Internal } from "#base/errors.ts";
import type { HostPorts, IpAddress } from "#kernel/types.ts";
import { familyOf, isEveryAddress } from "../plan/host-address.ts";
import { hostSide } from "../plan/port-text.ts";
import type { PortWish } from "../plan/ports.ts";
import type { PublishedPort } from "../types.ts";

/**
 * Makes a host port ours in the eyes of the host, at all addresses it is published on.
 * @throws EngineError with Docker's text when a program of the host has it
 */
export type HoldPort = (ports: readonly PublishedPort[]) => Disposable;

/** Ports of one container, held until disposed. */
export interface PortClaim extends Disposable {
  readonly ports: readonly PublishedPort[];
}

/**
 * Host ports of all containers of this engine. A port is decided here, against the other containers, and held against
 * the programs of the host by a bound socket, so that neither finds out by packets that vanish.
 */
export class HostPortAllocator {
  readonly #ephemeralRange: HostPorts["ephemeralRange"];
  readonly #nameOf: (owner: string) => string;
  /** Addresses in use by "tcp/8080", each with its owner. */
  readonly #taken = new Map<string, Map<IpAddress, string>>();
  #lastEphemeral = 0;

  /** @param nameOf an owner's name for an error: a container may be renamed while it has its ports */
  constructor(
    ports: Pick<HostPorts, "ephemeralRange">,
    nameOf: (owner: string) => string = (owner) => owner,
  ) {
    this.#ephemeralRange = ports.ephemeralRange;
    this.#nameOf = nameOf;
  }

  /**
   * Decides the host side of every wish: all or nothing.
   * @throws Internal with Docker's text for a port that another container or program has
   */
  claim(wishes: readonly PortWish[], hold: HoldPort, owner = ""): PortClaim {
    using held = new DisposableStack();
    const ports = wishes.flatMap((wish) => {
      const { taken, hold: own } = this.#claimOne(wish, hold, owner);
      held.use(own);
      return taken;
    });
    return this.#handOver(ports, held.move());
  }

  /** Takes ports decided before, after a restart of the engine. What cannot be held now is told and goes on unheld. */
  reclaim(
    ports: readonly PublishedPort[],
    hold: HoldPort,
    onFailure: (error: unknown) => void,
    owner = "",
  ): PortClaim {
    const held = new DisposableStack();
    for (const group of Map.groupBy(ports, keyOf).values()) {
      held.defer(() => this.#give(group));
      this.#take(group, owner);
      try {
        held.use(hold(group));
      } catch (error) {
        onFailure(error);
      }
    }
    return this.#handOver(ports, held);
  }

  #handOver(ports: readonly PublishedPort[], held: DisposableStack): PortClaim {
    return { ports, [Symbol.dispose]: () => held.dispose() };
  }

  /** The first candidate that is free at all addresses. */
  #claimOne(
    wish: PortWish,
    hold: HoldPort,
    owner: string,
  ): { readonly taken: PublishedPort[]; readonly hold: Disposable } {
    let failure: unknown;
    for (const hostPort of this.#candidates(wish)) {
      const ports = wish.hostAddresses.map((hostAddress) => publishedPort(wish, hostAddress, hostPort));
      try {
        return { taken: ports, hold: this.#holdAll(ports, hold, owner) };
      } catch (error) {
        failure = error;
      }
    }
    throw failure;
  }

  *#candidates({ hostPorts }: PortWish): Iterable<number> {
    if (hostPorts) {
      for (let port = hostPorts.first; port <= hostPorts.last; port++) yield port;
      return;
    }
    const { first, last } = this.#ephemeralRange();
    for (let count = first; count <= last; count++) {
      const isInside = this.#lastEphemeral >= first && this.#lastEphemeral < last;
      this.#lastEphemeral = isInside ? this.#lastEphemeral + 1 : first;
      yield this.#lastEphemeral;
    }
  }

  #holdAll(ports: readonly PublishedPort[], hold: HoldPort, owner: string): Disposable {
    for (const port of ports) this.#checkIsFree(port);
    const held = hold(ports);
    this.#take(ports, owner);
    return {
      [Symbol.dispose]: () => {
        this.#give(ports);
        held[Symbol.dispose]();
      },
    };
  }

  #checkIsFree(port: PublishedPort): void {
    const family = familyOf(port.hostAddress);
    const taken = [...(this.#taken.get(keyOf(port)) ?? [])].find(
      ([other]) =>
        familyOf(other) === family &&
        (other === port.hostAddress || isEveryAddress(other) || isEveryAddress(port.hostAddress)),
    );
    if (!taken) return;
    const owner = this.#nameOf(taken[1]);
    throw new Internal(
      `Bind for ${hostSide(port)} failed: port is already allocated`,
      owner === "" ? {} : { hint: `container ${owner} has it` },
    );
  }

  #take(ports: readonly PublishedPort[], owner: string): void {
    for (const port of ports) {
      const key = keyOf(port);
      const addresses = this.#taken.get(key);
      if (addresses) addresses.set(port.hostAddress, owner);
      else this.#taken.set(key, new Map([[port.hostAddress, owner]]));
    }
  }

  #give(ports: readonly PublishedPort[]): void {
    for (const port of ports) {
      const key = keyOf(port);
      const addresses = this.#taken.get(key);
      addresses?.delete(port.hostAddress);
      if (addresses?.size === 0) this.#taken.delete(key);
    }
  }
}

function publishedPort(wish: PortWish, hostAddress: IpAddress, hostPort: number): PublishedPort {
  const { protocol, containerPort } = wish;
  return { protocol, containerPort, hostAddress, hostPort };
}

/** "tcp/8080": ports that are published together have it in common. */
export function keyOf(port: PublishedPort): string {
  return `${port.protocol}/${port.hostPort}`;
}

import { Internal } from "#base/errors.ts";
import type { HostPorts, IpAddress } from "#kernel/types.ts";
import { familyOf, isEveryAddress } from "../plan/host-address.ts";
import type { PortWish } from "../plan/ports.ts";
import type { PublishedPort } from "../types.ts";
import { hostSide } from "./hold.ts";

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
  /** Addresses in use by "tcp/8080". */
  readonly #taken = new Map<string, Set<IpAddress>>();
  #lastEphemeral = 0;

  constructor(ports: Pick<HostPorts, "ephemeralRange">) {
    this.#ephemeralRange = ports.ephemeralRange;
  }

  /**
   * Decides the host side of every wish: all or nothing.
   * @throws Internal with Docker's text for a port that another container or program has
   */
  claim(wishes: readonly PortWish[], hold: HoldPort): PortClaim {
    using held = new DisposableStack();
    const ports = wishes.flatMap((wish) => {
      const { taken, hold: own } = this.#claimOne(wish, hold);
      held.use(own);
      return taken;
    });
    return this.#handOver(ports, held.move());
  }

  /** Takes ports decided before, after a restart of the engine. What cannot be held now is told and goes on unheld. */
  reclaim(ports: readonly PublishedPort[], hold: HoldPort, onFailure: (error: unknown) => void): PortClaim {
    const held = new DisposableStack();
    for (const group of Map.groupBy(ports, keyOf).values()) {
      held.defer(() => this.#give(group));
      this.#take(group);
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
  #claimOne(wish: PortWish, hold: HoldPort): { readonly taken: PublishedPort[]; readonly hold: Disposable } {
    let failure: unknown;
    for (const hostPort of this.#candidates(wish)) {
      const ports = wish.hostAddresses.map((hostAddress) => publishedPort(wish, hostAddress, hostPort));
      try {
        return { taken: ports, hold: this.#holdAll(ports, hold) };
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

  #holdAll(ports: readonly PublishedPort[], hold: HoldPort): Disposable {
    const taken = ports.find((port) => this.#isTaken(port));
    if (taken) throw new Internal(`Bind for ${hostSide(taken)} failed: port is already allocated`);
    const held = hold(ports);
    this.#take(ports);
    return {
      [Symbol.dispose]: () => {
        this.#give(ports);
        held[Symbol.dispose]();
      },
    };
  }

  #isTaken(port: PublishedPort): boolean {
    const family = familyOf(port.hostAddress);
    return [...(this.#taken.get(keyOf(port)) ?? [])].some(
      (other) =>
        familyOf(other) === family &&
        (other === port.hostAddress || isEveryAddress(other) || isEveryAddress(port.hostAddress)),
    );
  }

  #take(ports: readonly PublishedPort[]): void {
    for (const port of ports) {
      const key = keyOf(port);
      const addresses = this.#taken.get(key);
      if (addresses) addresses.add(port.hostAddress);
      else this.#taken.set(key, new Set([port.hostAddress]));
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

function keyOf(port: PublishedPort): string {
  return `${port.protocol}/${port.hostPort}`;
}

import type { IpAddress } from "#kernel/types.ts";
import type { SandboxView, ViewEndpoint } from "./types.ts";

/** Who has a name in a network. */
type Holders = Map<string, Set<ViewEndpoint>>;

interface NetworkNames {
  readonly byName: Holders;
  readonly byAddress: Map<IpAddress, ViewEndpoint>;
}

/**
 * All names of all networks, kept as containers come and go. A container sees the names of its own networks and no
 * others. Networks are asked in the order of the container's endpoints; the first that knows a name answers.
 */
export class Zone {
  readonly #views = new Map<string, SandboxView>();
  readonly #networks = new Map<string, NetworkNames>();
  #generation = 1;

  /** Another number after every change. */
  get generation(): number {
    return this.#generation;
  }

  view(id: string): SandboxView | undefined {
    return this.#views.get(id);
  }

  set(view: SandboxView): void {
    this.delete(view.id);
    this.#generation++;
    this.#views.set(view.id, view);
    for (const endpoint of view.endpoints) this.#add(endpoint);
  }

  delete(id: string): void {
    const view = this.#views.get(id);
    if (!view) return;
    this.#generation++;
    this.#views.delete(id);
    for (const endpoint of view.endpoints) this.#remove(endpoint);
  }

  /** @returns the name's addresses of both families, [] when the name is known and has none; undefined: not ours */
  addressesOf(view: SandboxView, name: string): readonly IpAddress[] | undefined {
    if (Object.hasOwn(view.fixed, name)) return view.fixed[name];
    for (const endpoint of view.endpoints) {
      const holders = this.#holders(endpoint, name);
      if (holders) return [...holders].flatMap(({ addresses }) => addresses);
    }
    return undefined;
  }

  /** Who serves a port under a name: a name of each holder, and whether there is such a name at all. */
  serversOf(view: SandboxView, name: string, port: string): readonly string[] | undefined {
    for (const endpoint of view.endpoints) {
      const holders = this.#holders(endpoint, name);
      if (holders)
        return [...holders]
          .filter(({ services = [], names }) => services.includes(port) && names.length > 0)
          .map(({ names, networkName }) => `${names[0]}.${networkName}`);
    }
    return undefined;
  }

  /** "web.backend", for an address of a network the container is in. */
  nameOf(view: SandboxView, address: IpAddress): string | undefined {
    for (const { networkId } of view.endpoints) {
      const holder = this.#networks.get(networkId)?.byAddress.get(address);
      if (holder?.names[0] !== undefined) return `${holder.names[0]}.${holder.networkName}`;
    }
    return undefined;
  }

  /** By link, by name, then by a name that ends in the network's. */
  #holders(endpoint: ViewEndpoint, name: string): ReadonlySet<ViewEndpoint> | undefined {
    const byName = this.#networks.get(endpoint.networkId)?.byName;
    if (!byName) return undefined;
    const linked = Object.hasOwn(endpoint.links, name) ? byName.get(endpoint.links[name]!) : undefined;
    if (linked) return linked;
    const known = byName.get(name);
    if (known) return known;
    const suffix = `.${endpoint.networkName.toLowerCase()}`;
    return name.endsWith(suffix) ? byName.get(name.slice(0, -suffix.length)) : undefined;
  }

  #add(endpoint: ViewEndpoint): void {
    const names = this.#networks.get(endpoint.networkId) ?? { byName: new Map(), byAddress: new Map() };
    this.#networks.set(endpoint.networkId, names);
    for (const name of endpoint.names) {
      const holders = names.byName.get(name);
      if (holders) holders.add(endpoint);
      else names.byName.set(name, new Set([endpoint]));
    }
    for (const address of endpoint.addresses) names.byAddress.set(address, endpoint);
  }

  #remove(endpoint: ViewEndpoint): void {
    const names = this.#networks.get(endpoint.networkId);
    if (!names) return;
    for (const name of endpoint.names) {
      const holders = names.byName.get(name);
      holders?.delete(endpoint);
      if (holders?.size === 0) names.byName.delete(name);
    }
    for (const address of endpoint.addresses)
      if (names.byAddress.get(address) === endpoint) names.byAddress.delete(address);
    if (names.byName.size === 0) this.#networks.delete(endpoint.networkId);
  }
}

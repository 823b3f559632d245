import type { Collection, StateStore } from "#state/types.ts";
import type { EndpointRecord, NetworkRecord, SandboxRecord } from "./types.ts";

/** Where address management of a network stands: the addresses given out last, so that a restart does not reuse them. */
export interface AddressCursor {
  readonly networkId: string;
  readonly ipv4: string | undefined;
  readonly ipv6: string | undefined;
}

/** Facts about this host that networks made once share. */
export interface HostFacts {
  readonly key: "host";
  /** Forty random bits of our unique local IPv6 prefix, ten hex digits. */
  readonly globalId: string;
}

/** A link that was a network's and is on its way out. */
export interface LeavingLink {
  readonly name: string;
}

/** Everything about networks that survives the daemon. */
export interface NetworkRecords {
  readonly networks: Collection<NetworkRecord>;
  readonly sandboxes: Collection<SandboxRecord>;
  readonly cursors: Collection<AddressCursor>;
  readonly hostFacts: Collection<HostFacts>;
  readonly leaving: Collection<LeavingLink>;
  transaction<R>(work: () => R): R;
}

export function openRecords(state: StateStore): NetworkRecords {
  return {
    networks: state.collection<NetworkRecord>({
      name: "networks",
      key: (network) => network.id,
      indexes: { name: (network) => [network.name] },
      unique: ["name"],
    }),
    sandboxes: state.collection<SandboxRecord>({
      name: "sandboxes",
      key: (sandbox) => sandbox.containerId,
      indexes: { network: (sandbox) => sandbox.endpoints.map((endpoint) => endpoint.networkId) },
    }),
    cursors: state.collection<AddressCursor>({ name: "address-cursors", key: (cursor) => cursor.networkId }),
    hostFacts: state.collection<HostFacts>({ name: "network-host", key: (facts) => facts.key }),
    leaving: state.collection<LeavingLink>({ name: "leaving-links", key: (link) => link.name }),
    transaction: (work) => state.transaction(work),
  };
}

/** Endpoints of a network, of all containers that run. */
export function endpointsIn(records: Pick<NetworkRecords, "sandboxes">, networkId: string): EndpointRecord[] {
  return records.sandboxes
    .find("network", networkId)
    .flatMap((sandbox) => sandbox.endpoints.filter((endpoint) => endpoint.networkId === networkId));
}

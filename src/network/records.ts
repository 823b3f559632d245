import type { IpAddress } from "#kernel/types.ts";
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

/** An address that was given back and rests, so that nobody takes its next holder for the last one. */
export interface RestingAddress {
  readonly networkId: string;
  readonly address: IpAddress;
  /** Unix time. */
  readonly atMs: number;
  /** Who had it. */
  readonly containerId: string;
}

/** A subnet whose network is gone, and that rests. */
export interface RestingSubnet {
  readonly subnet: string;
  /** Unix time. */
  readonly atMs: number;
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
  readonly restingAddresses: Collection<RestingAddress>;
  readonly restingSubnets: Collection<RestingSubnet>;
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
    restingAddresses: state.collection<RestingAddress>({
      name: "resting-addresses",
      key: restingKey,
      indexes: { network: ({ networkId }) => [networkId] },
    }),
    restingSubnets: state.collection<RestingSubnet>({ name: "resting-subnets", key: ({ subnet }) => subnet }),
    leaving: state.collection<LeavingLink>({ name: "leaving-links", key: (link) => link.name }),
    transaction: (work) => state.transaction(work),
  };
}

export function restingKey({ networkId, address }: Pick<RestingAddress, "networkId" | "address">): string {
  return `${networkId} ${address}`;
}

/** Endpoints of a network, of all containers that run. */
export function endpointsIn(records: Pick<NetworkRecords, "sandboxes">, networkId: string): EndpointRecord[] {
  return records.sandboxes
    .find("network", networkId)
    .flatMap((sandbox) => sandbox.endpoints.filter((endpoint) => endpoint.networkId === networkId));
}

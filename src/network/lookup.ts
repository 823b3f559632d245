import { InvalidArgument, NotFound } from "#base/errors.ts";
import { isIdPrefix } from "#base/ids.ts";
import type { NetworkRecords } from "./records.ts";
import type { NetworkRecord } from "./types.ts";

/** What users type for the network containers join when they name none. */
const DEFAULT = "default";

/**
 * Exact id, then name, then unique beginning of an id. "default" is the default bridge, or no network where there is none.
 * @throws InvalidArgument when several ids begin so
 */
export function findNetwork(
  { networks }: Pick<NetworkRecords, "networks">,
  nameOrId: string,
): NetworkRecord | undefined {
  const named = (name: string) => networks.find("name", name)[0];
  if (nameOrId === DEFAULT) return named("bridge") ?? named("none");
  return networks.get(nameOrId) ?? named(nameOrId) ?? withIdPrefix(networks, nameOrId);
}

/** @throws NotFound with Docker's text */
export function getNetwork(records: Pick<NetworkRecords, "networks">, nameOrId: string): NetworkRecord {
  const network = findNetwork(records, nameOrId);
  if (!network) throw new NotFound(`network ${nameOrId} not found`);
  return network;
}

const MOST_MATCHES = 100;

function withIdPrefix(networks: NetworkRecords["networks"], prefix: string): NetworkRecord | undefined {
  if (!isIdPrefix(prefix)) return undefined;
  const ids = networks.keysWithPrefix(prefix, MOST_MATCHES);
  if (ids.length > 1)
    throw new InvalidArgument(
      `network ${prefix} is ambiguous (${ids.length} matches found based on ID prefix)`,
    );
  return ids[0] === undefined ? undefined : networks.get(ids[0]);
}

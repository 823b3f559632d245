import { InvalidArgument } from "#base/errors.ts";
import type { IdMapping } from "#kernel/types.ts";

/** Ids of a container that lives in a user namespace, and of the host, where its files are seen from. */
export interface FileIds {
  readonly uids: readonly IdMapping[];
  readonly gids: readonly IdMapping[];
}

/** What Linux shows for an id that a namespace does not have. */
const NOBODY = 65_534;

/** Pure: an id of the host's as the container has it. */
export function containerId(mappings: readonly IdMapping[] | undefined, id: number): number {
  if (!mappings) return id;
  const mapping = mappings.find(({ hostId, size }) => id >= hostId && id < hostId + size);
  return mapping ? mapping.containerId + id - mapping.hostId : NOBODY;
}

/** Pure: an id of the container's as the host has it. @throws InvalidArgument for one the container does not have */
export function hostId(mappings: readonly IdMapping[] | undefined, id: number): number {
  if (!mappings) return id;
  const mapping = mappings.find((one) => id >= one.containerId && id < one.containerId + one.size);
  if (!mapping) throw new InvalidArgument(`id ${id} is none of the container's user namespace`);
  return mapping.hostId + id - mapping.containerId;
}

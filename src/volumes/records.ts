import type { Collection, StateStore } from "#state/types.ts";
import type { VolumeRecord } from "./types.ts";

/** A container that was made with a volume, running or not. */
export interface VolumeUse {
  readonly volume: string;
  readonly containerId: string;
  /** Its driver was asked to mount it for this container, and not yet to unmount it. */
  readonly isMounted?: boolean;
}

export interface VolumeRecords {
  readonly volumes: Collection<VolumeRecord>;
  readonly uses: Collection<VolumeUse>;
}

export function openRecords(state: Pick<StateStore, "collection">): VolumeRecords {
  return {
    volumes: state.collection<VolumeRecord>({ name: "volumes", key: ({ name }) => name }),
    uses: state.collection<VolumeUse>({
      name: "volume-uses",
      key: ({ volume, containerId }) => `${containerId}/${volume}`,
      indexes: { volume: ({ volume }) => [volume], container: ({ containerId }) => [containerId] },
    }),
  };
}

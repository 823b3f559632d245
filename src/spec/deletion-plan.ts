import type { ImageDeleteItem } from "./docker/images.ts";

/**
 * What a removal or a prune answers to `dry-run=1`, a parameter of ours: nothing has been removed, this would be. The
 * fields are those of Docker's prune answers.
 */
export interface DeletionPlan {
  /** Ids. */
  ContainersDeleted?: string[] | null;
  /** Names. */
  NetworksDeleted?: string[] | null;
  /** Names. */
  VolumesDeleted?: string[] | null;
  ImagesDeleted?: ImageDeleteItem[] | null;
  /** Bytes. */
  SpaceReclaimed: number;
}

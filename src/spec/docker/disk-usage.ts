/** What `GET /system/df` answers. */
import type { ContainerSummary } from "./containers.ts";
import type { ImageSummary } from "./images.ts";
import type { Volume } from "./volumes.ts";

export interface BuildCacheRecord {
  ID: string;
  Parents?: string[] | null;
  Type: string;
  Description: string;
  InUse: boolean;
  Shared: boolean;
  /** Bytes. */
  Size: number;
  CreatedAt: string;
  LastUsedAt?: string | null;
  UsageCount: number;
}

/** Sums over one kind, since 1.52. */
export interface UsageSum {
  ActiveCount: number;
  TotalCount: number;
  /** Bytes. */
  Reclaimable: number;
  /** Bytes. */
  TotalSize: number;
}

/** The lists that every API version sends, and newer sums; a kind that was not asked for is absent. */
export interface SystemDataUsage {
  ImageUsage?: UsageSum;
  /** Bytes of all image layers, each counted once. */
  LayersSize?: number;
  Images?: ImageSummary[] | null;
  Containers?: ContainerSummary[] | null;
  Volumes?: Volume[] | null;
  BuildCache?: BuildCacheRecord[] | null;
}

/** What `POST /system/gc` answers: ours alone, no other engine has it. Sizes in bytes. */
export interface GarbageReport {
  /** Nothing was deleted: this is what would be. */
  DryRun: boolean;
  /** The file system that holds the data. */
  FileSystem: {
    Path: string;
    UsedPercent: number;
    /** Percents; absent: no image is evicted. */
    HighThreshold?: number;
    LowThreshold?: number;
  };
  /** What no image, container, job or interrupted pull needs. */
  Garbage: { Blobs: string[]; Layers: string[]; Downloads: string[]; Size: number };
  /** Least recently used first. */
  Evicted: { Id: string; Names: string[]; LastUsed: string; Size: number }[];
  /** When there is still too little room: what stays, and why. */
  Kept: { Id: string; Names: string[]; Reason: string }[];
  SpaceReclaimed: number;
}

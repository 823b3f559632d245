/** @see https://github.com/opencontainers/image-spec/blob/main/config.md */
import type { Digest } from "#base/digest.ts";
import type { ContainerConfig } from "../docker/containers.ts";

export interface HistoryEntry {
  created?: string;
  created_by?: string;
  author?: string;
  comment?: string;
  empty_layer?: boolean;
}

/** The image configuration: its digest is the image's identifier. Docker's extra fields are kept as they came. */
export interface ImageConfig {
  created?: string;
  author?: string;
  architecture: string;
  os: string;
  "os.version"?: string;
  "os.features"?: string[];
  variant?: string;
  config?: ContainerConfig;
  rootfs: { type: "layers"; diff_ids: Digest[] };
  history?: HistoryEntry[];
  /** Docker only. */
  container?: string;
  container_config?: ContainerConfig;
  docker_version?: string;
  parent?: string;
  comment?: string;
}

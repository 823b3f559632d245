/** Image shapes of the Docker Engine API. */
import type { Descriptor, Platform } from "../oci/manifest.ts";
import type { ContainerConfig } from "./containers.ts";

export interface ImageSummary {
  Id: string;
  ParentId: string;
  RepoTags: string[];
  RepoDigests: string[];
  /** Seconds since 1970. */
  Created: number;
  Size: number;
  /** -1 when not asked for. */
  SharedSize: number;
  VirtualSize?: number;
  Labels: Record<string, string> | null;
  /** -1 when not counted. */
  Containers: number;
  Manifests?: ImageManifestSummary[];
  Descriptor?: Descriptor;
}

/** One manifest of what a name points at. */
export interface ImageManifestSummary {
  /** Digest of the manifest. */
  ID: string;
  Descriptor: Descriptor;
  /** Whether all of it is here. */
  Available: boolean;
  /** Bytes that are here: in the content store, and with what is unpacked. */
  Size: { Content: number; Total: number };
  Kind: "image" | "attestation" | "unknown";
  ImageData?: {
    Platform: Platform;
    /** API 1.54, when asked for. */
    Identity?: ImageIdentity;
    Containers: string[];
    Size: { Unpacked: number };
  };
  AttestationData?: { For: string };
}

/** Where an image came from. */
export interface ImageIdentity {
  Pull?: { Repository: string }[];
}

export interface ImageInspect {
  Id: string;
  /** API 1.53 */
  Identity?: ImageIdentity;
  RepoTags: string[];
  RepoDigests: string[];
  Parent?: string;
  Comment?: string;
  Created?: string;
  Container?: string;
  ContainerConfig?: ContainerConfig;
  DockerVersion?: string;
  Author?: string;
  Config?: ContainerConfig | null;
  Architecture: string;
  Variant?: string;
  Os: string;
  OsVersion?: string;
  Size: number;
  VirtualSize?: number;
  GraphDriver?: { Name: string; Data: Record<string, string> | null };
  RootFS: { Type: string; Layers?: string[] };
  Metadata: { LastTagTime: string };
  Descriptor?: Descriptor;
  Manifests?: unknown[];
}

export interface ImageHistoryItem {
  Id: string;
  /** Seconds since 1970. */
  Created: number;
  CreatedBy: string;
  Tags: string[] | null;
  Size: number;
  Comment: string;
}

export interface ImageDeleteItem {
  Untagged?: string;
  Deleted?: string;
}

export interface ImagePruneResponse {
  ImagesDeleted: ImageDeleteItem[] | null;
  SpaceReclaimed: number;
}

export interface ImageSearchItem {
  star_count: number;
  is_official: boolean;
  name: string;
  is_automated: boolean;
  description: string;
}

/** One line of a pull, push, load, import or build stream. */
export interface ProgressLine {
  id?: string;
  status?: string;
  stream?: string;
  progressDetail?: { current?: number; total?: number; start?: number; hidecounts?: boolean; units?: string };
  /** The bar as text, for clients that do not draw their own. */
  progress?: string;
  errorDetail?: { code?: number; message: string };
  error?: string;
  aux?: unknown;
}

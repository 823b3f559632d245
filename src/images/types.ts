/**
 * Images: what a reference means here, and how images come and go.
 *
 * An image is named by the digest of its configuration (Docker's image ID). A reference ("docker.io/library/debian:12")
 * points at a *target*: the manifest or index digest it had at its registry, kept so that a pulled image can be pushed
 * unchanged. References, images and their layers are records in the state store; bytes are in storage.
 */
import type { Digest } from "#base/digest.ts";
import type { AuthConfig } from "#spec/docker/auth.ts";
import type { ContainerConfig } from "#spec/docker/containers.ts";
import type {
  ImageDeleteItem,
  ImageHistoryItem,
  ImageManifestSummary,
  ImagePruneResponse,
  ImageSearchItem,
  ProgressLine,
} from "#spec/docker/images.ts";
import type { ImageConfig } from "#spec/oci/image.ts";
import type { Descriptor, Platform } from "#spec/oci/manifest.ts";
import type { CollectedGarbage, GarbagePlan } from "#storage/gc/sweep.ts";
import type { ImageBlobs } from "./blobs.ts";
import type { CommitImageRequest } from "./commit.ts";
import type { DistributionInfo } from "./distribution.ts";
import type { Removed } from "./dry-run.ts";
import type { ImageRetention } from "./retention.ts";

/** An image that is here, unpacked. */
export interface ImageRecord {
  /** Config digest. */
  readonly id: Digest;
  readonly config: ImageConfig;
  /** chainID of the top layer; absent for an image without layers. */
  readonly chainId: Digest | undefined;
  readonly layers: readonly Descriptor[];
  /** The manifest this image was made from or given at import. */
  readonly manifest: Descriptor;
  /** Bytes of all unpacked layers. */
  readonly sizeBytes: number;
  /** RFC 3339; when it was last tagged here, "" when never. */
  readonly lastTagTime: string;
  readonly parent: Digest | undefined;
  /** Platforms that indexes list it under, where its configuration says another. */
  readonly listedAs?: readonly Platform[];
}

export interface ReferenceRecord {
  /** Canonical: "docker.io/library/debian:12" or "docker.io/library/debian@sha256:…". */
  readonly name: string;
  readonly imageId: Digest;
  /** What the name pointed at when it came: a manifest or an index. */
  readonly target: Descriptor;
  /** Images of the same index for other platforms that are here too: the one that came last is `imageId`. */
  readonly others?: readonly Digest[];
}

/** An image with the names people know it by. */
export interface ImageView extends ImageRecord {
  /** Familiar: "debian:12". */
  readonly repoTags: readonly string[];
  /** Familiar: "debian@sha256:…". */
  readonly repoDigests: readonly string[];
}

export interface PullRequest {
  readonly reference: string;
  readonly allTags?: boolean;
  /** "linux/arm64/v8"; absent: this host's. */
  readonly platform?: string;
  readonly auth?: AuthConfig;
  readonly signal?: AbortSignal;
}

export interface PushRequest {
  /** Without tag: all tags of the repository. */
  readonly reference: string;
  /** Only this one of an image for several. */
  readonly platform?: Platform;
  /** Of layers that have no compressed form yet. Default gzip, which every engine reads. */
  readonly compression?: "gzip" | "zstd";
  readonly auth?: AuthConfig;
  readonly signal?: AbortSignal;
}

export interface SearchRequest {
  /** With a host in front: that registry's index, else Docker Hub's. */
  readonly term: string;
  /** 1 to 100; absent: 25. */
  readonly limit?: number;
  readonly filters: ImageFilters;
  readonly auth?: AuthConfig;
  readonly signal?: AbortSignal;
}

export interface ImageFilters {
  readonly [key: string]: readonly string[];
}

export interface Images {
  list(request: { readonly all?: boolean; readonly filters?: ImageFilters }): Promise<ImageView[]>;
  /** By reference, id or unique id prefix. @throws NotFound "No such image: NAME:TAG" */
  get(nameOrId: string, platform?: string): ImageView;
  find(nameOrId: string, platform?: string): ImageView | undefined;
  history(nameOrId: string, platform?: string): ImageHistoryItem[];
  /** The manifests of what the image's name points at, for several platforms perhaps. */
  manifests(image: ImageView): Promise<ImageManifestSummary[]>;
  tag(nameOrId: string, repo: string, tag: string): void;
  /** Untags or deletes, Docker's rules. @throws Conflict when containers or other names use it */
  remove(
    nameOrId: string,
    options: {
      readonly force?: boolean;
      readonly prune?: boolean;
      /** Of a name for several only these. */
      readonly platforms?: readonly string[];
    },
  ): Promise<ImageDeleteItem[]>;
  prune(filters: ImageFilters): Promise<ImagePruneResponse>;
  /** What `remove` would do now. @throws as `remove` */
  planRemove(
    nameOrId: string,
    options: {
      readonly force?: boolean;
      readonly prune?: boolean;
      readonly platforms?: readonly string[];
    },
    removed: Removed,
  ): Promise<ImagePruneResponse>;
  /** What `prune` would do now. */
  planPrune(filters: ImageFilters, removed: Removed): Promise<ImagePruneResponse>;
  /** Docker's JSON progress, line by line; a failure is thrown before the first line or is the last line. */
  pull(request: PullRequest): AsyncIterable<ProgressLine>;
  /** As `pull`. What was pulled goes out under the digest it came with. */
  push(request: PushRequest): AsyncIterable<ProgressLine>;
  /** docker-archive or OCI layout, plain or compressed. */
  load(
    archive: AsyncIterable<Uint8Array>,
    options: {
      readonly quiet?: boolean;
      /** Of images for several only these. */
      readonly platforms?: readonly string[];
      readonly signal?: AbortSignal;
    },
  ): AsyncIterable<ProgressLine>;
  /** docker-archive that is an OCI layout as well. */
  save(
    names: readonly string[],
    options: {
      /** Of images for several only these. */
      readonly platforms?: readonly string[];
      readonly signal?: AbortSignal;
    },
  ): AsyncIterable<Uint8Array>;
  /** @param archive its bytes, or a URL to fetch them from */
  importArchive(
    archive: AsyncIterable<Uint8Array> | string,
    options: {
      readonly repo?: string;
      readonly tag?: string;
      readonly message?: string;
      readonly changes?: readonly string[];
      readonly platform?: string;
      readonly signal?: AbortSignal;
    },
  ): AsyncIterable<ProgressLine>;
  /** A new image on top of another. @returns its id */
  commit(request: CommitImageRequest): Promise<Digest>;
  /** What a name points at in its registry. @throws NotFound, with the texts Docker's clients match on */
  inspectDistribution(
    name: string,
    options: { readonly auth?: AuthConfig | undefined; readonly signal: AbortSignal },
  ): Promise<DistributionInfo>;
  /** Checks credentials with a registry. @returns the text Docker prints and a token where the registry gave one */
  login(
    auth: AuthConfig,
    signal?: AbortSignal,
  ): Promise<{ readonly status: string; readonly identityToken: string | undefined }>;
  search(request: SearchRequest): Promise<ImageSearchItem[]>;
  /** Single parts, for copying images elsewhere. */
  readonly blobs: ImageBlobs;
  /** Uses and pins. */
  readonly retention: ImageRetention;
  pin(nameOrId: string): void;
  unpin(nameOrId: string): void;
  /** Takes an image away, with all its names, if nobody needs it by now; its files are for `collectGarbage`. */
  evict(id: Digest): boolean;
  /** What `collectGarbage` would delete now. */
  planGarbage(): GarbagePlan;
  /** Deletes blobs, layers and downloads that no image, container, job or interrupted pull needs. */
  collectGarbage(): Promise<CollectedGarbage>;
  /** What an image's names point at: manifests, indexes. */
  targetsOf(imageId: Digest): Digest[];
  count(): number;
  /** Gives up what is under way; resolves when it has ended. */
  close(): Promise<void>;
}

/** What images must ask the containers above them; given by the engine. */
export interface ImageUsers {
  /** Containers made from this image: id, name, running. */
  usersOf(imageId: Digest): readonly { readonly id: string; readonly running: boolean }[];
  /** For the "before"/"since" free filters and counts. */
  countFor(imageId: Digest): number;
}

/** Merged defaults an image gives to a container, never null lists. */
export type ImageRunConfig = ContainerConfig;

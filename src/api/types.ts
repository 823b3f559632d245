/**
 * What the API asks of the rest of the engine beyond the contracts of containers, images, networks, volumes and events,
 * and what `createApi` gives back.
 */
import type { Log } from "#base/log.ts";
import type { Containers, ContainerView } from "#containers/types.ts";
import type { Events } from "#events/types.ts";
import type { Images, ImageView } from "#images/types.ts";
import type { ManagedPlugins } from "#managed/types.ts";
import type { Networks } from "#network/types.ts";
import type { Authorization } from "#plugins/types.ts";
import type { SystemInfo, SystemVersion } from "#spec/docker/system.ts";
import type { ApiVersion } from "#spec/docker/versions.ts";
import type { GarbageReport } from "#spec/gc.ts";
import type { VolumeRecord, Volumes } from "#volumes/types.ts";
import type { UnreadBytes } from "./head-taken.ts";

/** Facts about the whole engine; implemented by daemon/. */
export interface System {
  info(): Promise<SystemInfo>;
  version(): SystemVersion;
  diskUsage(parts: ReadonlySet<DiskUsagePart>): Promise<DiskUsage>;
  /** Collects garbage and, where the disk is too full, evicts images. @throws InvalidArgument for bad thresholds */
  collectGarbage(request: GarbageRequest): Promise<GarbageReport>;
  /** Bytes of files in layers that several images have, for each image: what the list of images shows. */
  sharedLayerSizes(): Promise<ReadonlyMap<string, number>>;
  /** Which driver keeps an image's layers, and where; undefined for an image without layers. */
  imageStorage(image: ImageView): ImageStorage | undefined;
}

export interface GarbageRequest {
  readonly dryRun: boolean;
  /** Percents of the file system; absent: as configured. */
  readonly highThreshold?: number | undefined;
  readonly lowThreshold?: number | undefined;
  readonly minimumAgeMs?: number | undefined;
}

export interface ImageStorage {
  readonly name: string;
  /** Directories as Docker's GraphDriver.Data shows them. */
  readonly data: Readonly<Record<string, string>>;
}

export type DiskUsagePart = "container" | "image" | "volume" | "build-cache";

/** Sizes in bytes, as `du` counts what is on the disk. A part that was not asked for is absent. */
export interface DiskUsage {
  readonly images?: {
    /** All layers and blobs, each counted once. */
    readonly layersSize: number;
    /** What would come free without the images that no container uses. */
    readonly reclaimable: number;
    readonly items: readonly ImageUsage[];
  };
  /** With their sizes. */
  readonly containers?: readonly ContainerView[];
  readonly volumes?: readonly VolumeUsage[];
  /** This version keeps none. */
  readonly buildCache?: readonly [];
}

export interface ImageUsage {
  /** Its `sizeBytes` is what it takes on the disk. */
  readonly image: ImageView;
  /** Bytes of layers and blobs that other images need too. */
  readonly sharedSize: number;
  /** Containers made from it, stopped ones included. */
  readonly containers: number;
}

export interface VolumeUsage {
  readonly volume: VolumeRecord;
  readonly sizeBytes: number;
  /** Containers that use it. */
  readonly users: number;
}

export type ListenAddress =
  | { readonly unix: string }
  /** Port 0 takes any free one. */
  | { readonly host: string; readonly port: number }
  /** An inherited descriptor that listens already. */
  | { readonly fd: number };

/** PEM texts. */
export interface TlsFiles {
  readonly certificate: string;
  readonly key: string;
  /** Clients must show a certificate signed by one of these. */
  readonly clientCa: string | undefined;
}

/** The engine as the routes see it. */
export interface ApiParts {
  readonly containers: Containers;
  readonly images: Images;
  readonly networks: Networks;
  readonly volumes: Volumes;
  readonly plugins: ManagedPlugins;
  readonly events: Events;
  readonly system: System;
}

export interface ApiOptions {
  /** Sent as the `Server` header. */
  readonly serverName: string;
  /** "1.24" unless the configuration raises it. */
  readonly minVersion: ApiVersion;
  readonly experimental: boolean;
  /** What clients build with: "1" sends the context to /build, "2" is BuildKit. */
  readonly builderVersion: "1" | "2";
  /** The version of its control groups decides the default of an old client's request. */
  readonly cgroupVersion: 1 | 2;
}

export interface ApiRequirements extends ApiParts {
  readonly log: Log;
  readonly options: ApiOptions;
  /** Requests that need the engine's state wait for it; `_ping` and `version` do not. */
  readonly ready: Promise<void>;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Absent: every request may pass. */
  readonly authorization?: Authorization;
  /** What a client on the socket of the machine has not read yet. */
  readonly unreadBytes?: UnreadBytes;
}

export interface Api {
  /** @throws the system's error when the address cannot be bound */
  listen(address: ListenAddress, tls?: TlsFiles): { readonly port: number | undefined };
  /** Connections open now, hijacked ones included. */
  connectionCount(): number;
  /**
   * Stops accepting, tells streaming requests to end and waits for the others.
   * @param graceMs after this, what is left is cut off
   */
  close(graceMs: number): Promise<void>;
}

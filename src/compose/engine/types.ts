/**
 * The words the acting half of Compose shares: what is told while it works, what was found at the engine, and what each
 * operation needs. Decisions are made in `plan/` and `body/` from values; everything else acts through the client.
 */
import type { Limiter } from "#base/async.ts";
import type { Client } from "#client/client.ts";
import type { ContainerStatus, MountPoint } from "#spec/docker/containers.ts";
import type { ProgressLine } from "#spec/docker/images.ts";
import type { Network, Service, Volume } from "../model/types.ts";
import type { ApiAccess } from "./api-socket.ts";
import type { Labels, Origin } from "./labels.ts";
import type { Separator } from "./names.ts";
import type { RunProvider } from "./providers.ts";

/**
 * Something happens to a container, network, volume or image. Events about one `id` come in order: "working", perhaps
 * several times, then one of the others.
 */
export interface ProgressEvent {
  /** "Container shop-web-1" */
  readonly id: string;
  readonly status: "working" | "done" | "warning" | "error";
  /** "Creating", "Created", or why it failed. */
  readonly text: string;
  readonly details?: string;
  /** The id of the image that this layer belongs to. */
  readonly parent?: string;
  /** Bytes, of layers. */
  readonly current?: number;
  readonly total?: number;
}

/** The hashes of a configuration that containers, networks and volumes carry as labels. */
export interface ConfigHashes {
  service(service: Service): string;
  network(network: Network): string;
  volume(volume: Volume): string;
}

export type ComposeClient = Pick<
  Client,
  "containers" | "execs" | "images" | "networks" | "system" | "volumes"
> & {
  readonly http: Pick<Client["http"], "apiVersion">;
};

/** What every operation works with. */
export interface ComposeContext {
  readonly client: ComposeClient;
  readonly hashes: ConfigHashes;
  readonly origin: Origin;
  readonly separator: Separator;
  /** Bounds how much is asked of the engine at once: `--parallel`. */
  readonly limiter: Limiter;
  /** Proxy variables for containers, from the client's configuration. */
  readonly proxyEnvironment: Readonly<Record<string, string>>;
  onProgress(event: ProgressEvent): void;
  /** One sentence for the user. */
  warn(text: string): void;
  /** Fetches an image with the credentials for its registry. */
  pull(image: string, platform: string): AsyncIterable<ProgressLine>;
  /** Text of a file named in the project; for seccomp profiles. */
  readText(path: string): Promise<string>;
  /** For services that may speak to the engine. @throws CliError when it has no socket on this machine */
  apiAccess(): Promise<ApiAccess>;
  /** Runs a program that makes what a service is. */
  readonly runProvider: RunProvider;
  /** Asks the user. @returns whether to go on */
  confirm(question: string): Promise<boolean>;
  /** Nothing is changed: what would be done is only told. */
  readonly dryRun: boolean;
}

export interface ObservedContainer {
  readonly id: string;
  /** Without "/". */
  readonly name: string;
  readonly service: string;
  /** 0 for one-off containers. */
  readonly number: number;
  readonly state: ContainerStatus;
  readonly isOneOff: boolean;
  readonly labels: Labels;
  /** Seconds since 1970. */
  readonly created: number;
  /** Ids of the networks it is in. */
  readonly networkIds: readonly string[];
  readonly mounts: readonly MountPoint[];
}

export interface ObservedNetwork {
  readonly id: string;
  readonly name: string;
  /** "" when it is not this project's, or not marked: then it is used as it is. */
  readonly configHash: string;
}

export interface ObservedVolume {
  readonly name: string;
  /** As for networks. */
  readonly configHash: string;
}

/** What the engine has of a project. */
export interface Observed {
  /** By service, also of services that do not take part now. */
  readonly containers: Readonly<Record<string, readonly ObservedContainer[]>>;
  /** Of services the project does not know, and one-off containers that have ended. */
  readonly orphans: readonly ObservedContainer[];
  /** Containers of `pre_start` hooks by service. */
  readonly hooks: Readonly<Record<string, readonly ObservedContainer[]>>;
  /** By the project's key. */
  readonly networks: Readonly<Record<string, ObservedNetwork>>;
  readonly volumes: Readonly<Record<string, ObservedVolume>>;
  /** What the user should know about them. */
  readonly warnings: readonly string[];
}

/**
 * The Docker container: a record of what was asked for, and a life of states.
 *
 * `containers` owns the record and the order of steps; processes are `runtime`'s, files `storage`'s, packets
 * `network`'s. Operations on one container are serialised by a lock on its id, and no operation ever holds two such
 * locks. A record is written before its effect, so a crash at any point leaves a record that says what to finish or undo.
 */
import type { Duplex } from "node:stream";
import type { Digest } from "#base/digest.ts";
import type { ImageUsers } from "#images/types.ts";
import type { EndpointRecord, SandboxRecord } from "#network/types.ts";
import type { AttachStream } from "#runtime/types.ts";
import type { ContainerPathStat } from "#spec/docker/archive.ts";
import type {
  ContainerConfig,
  ContainerCreateRequest,
  ContainerStatus,
  ContainerTop,
  ContainerUpdateRequest,
  FilesystemChange,
  Health,
  HostConfig,
} from "#spec/docker/containers.ts";
import type { ExecConfig, ExecInspect } from "#spec/docker/exec.ts";
import type { EndpointSettings } from "#spec/docker/networks.ts";
import type { PlannedMount } from "#volumes/types.ts";
import type { OfferedConnection } from "./client-stream.ts";
import type { RemovalPlan } from "./plan-remove.ts";
import type { PublishRequest } from "./publish-plan.ts";

/** What `create` decided; changed only by rename, update and network connect. */
export interface ContainerRecord {
  /** 64 hex digits. */
  readonly id: string;
  /** Without the leading slash. */
  readonly name: string;
  /** RFC 3339 with nanoseconds. */
  readonly created: string;
  /** As the user typed it. */
  readonly imageName: string;
  readonly imageId: Digest;
  readonly platform: string;
  /** Image defaults and request merged. */
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  readonly endpoints: Readonly<Record<string, EndpointSettings>>;
  readonly mounts: readonly PlannedMount[];
  readonly state: StateRecord;
  readonly restartCount: number;
  /** A stop was asked for by a user: "unless-stopped" stays down at the next daemon start. */
  readonly stoppedByUser: boolean;
  readonly onUnhealthy?: OnUnhealthy | undefined;
  readonly dependsOn?: readonly Dependency[];
  /** A debugging container: id of the one it looks at. */
  readonly debugs?: string | undefined;
}

/** What to do with a container whose health check says "unhealthy". */
export type OnUnhealthy = "restart" | "stop";

export type DependencyCondition = "started" | "healthy" | "completed";

/** What must stand before a container starts when the engine does: a container, or a service of a Compose project. */
export type Dependency = (
  | { readonly container: string }
  | { readonly project: string; readonly service: string }
) & { readonly condition: DependencyCondition };

/** Where a container stands; `status` decides, the rest is detail. */
export interface StateRecord {
  readonly status: ContainerStatus;
  /** A start has begun and neither succeeded nor been undone: after a crash the next daemon looks what came of it. */
  readonly isStarting: boolean;
  readonly pid: number;
  readonly exitCode: number;
  readonly oomKilled: boolean;
  readonly error: string;
  /** RFC 3339 with nanoseconds; "0001-01-01T00:00:00Z" for never. */
  readonly startedAt: string;
  readonly finishedAt: string;
  readonly health: Health | undefined;
  /** Group of the last run, below the hierarchies' roots. */
  readonly cgroupPath?: string;
  /** Asked for with a removal that goes on: anonymous volumes go too, also when the next daemon finishes it. */
  readonly removesVolumes?: boolean;
}

/** A record with what only the running engine knows. */
export interface ContainerView extends ContainerRecord {
  /** "/web/db" for each container that links to it; only in lists. */
  readonly linkNames: readonly string[];
  readonly sandbox: SandboxRecord | undefined;
  readonly networks: readonly EndpointRecord[];
  readonly execIds: readonly string[];
  readonly paths: {
    readonly hosts: string;
    readonly hostname: string;
    readonly resolvConf: string;
    readonly log: string;
  };
  readonly driver: string;
  readonly driverData: Readonly<Record<string, string>>;
  /** As the kernel's security modules have it; "" for what they do not say. */
  readonly confinement?: {
    readonly apparmorProfile: string;
    readonly processLabel: string;
    readonly mountLabel: string;
  };
  /** Only when sizes were asked for. */
  readonly sizes: { readonly rw: number; readonly rootFs: number } | undefined;
}

export interface ListRequest {
  readonly all?: boolean;
  readonly limit?: number;
  readonly size?: boolean;
  readonly filters?: Readonly<Record<string, readonly string[]>>;
}

export interface AttachRequest {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
  /** Replay the log first. */
  readonly logs: boolean;
  /** Then the live streams. */
  readonly stream: boolean;
  /** "ctrl-p,ctrl-q"; empty: the daemon's default. */
  readonly detachKeys: string;
}

/** Who attaches, as far as its connection can be given to the process. */
export interface AttachingClient {
  /** Its own socket, unread from now on; undefined where bytes of it are here already, or pass through TLS. */
  offer(): OfferedConnection | undefined;
  /** What was offered is read here again. */
  takeBack(): void;
  /** What goes out before anything the process says. */
  head(terminal: boolean): string;
}

export interface LogsRequest {
  readonly stdout: boolean;
  readonly stderr: boolean;
  readonly follow: boolean;
  readonly timestamps: boolean;
  readonly details: boolean;
  /** Lines from the end; undefined: all. */
  readonly tail: number | undefined;
  /** Nanoseconds since 1970. */
  readonly since: bigint | undefined;
  readonly until: bigint | undefined;
  /** The client does not take a frame for a line: one frame may carry many. */
  readonly mergeFrames?: boolean;
  readonly signal: AbortSignal;
}

export interface CopyToRequest {
  /** A directory of the container. */
  readonly path: string;
  /** Plain or compressed. */
  readonly archive: AsyncIterable<Uint8Array>;
  /** A directory is not replaced by something else, nor the reverse. */
  readonly noOverwriteDirNonDir: boolean;
  /** All files belong to the user the container runs as. */
  readonly copyUidGid: boolean;
  readonly signal?: AbortSignal;
}

export interface CommitRequest {
  /** Name of the image; absent: none. */
  readonly repo?: string;
  readonly tag?: string;
  readonly comment: string;
  readonly author: string;
  /** Freeze the container meanwhile. */
  readonly pause: boolean;
  /** Instructions as in a Dockerfile. */
  readonly changes: readonly string[];
  /** Takes the place of the container's own configuration, which completes it. */
  readonly config?: ContainerConfig;
  readonly signal?: AbortSignal;
}

export type WaitCondition = "not-running" | "next-exit" | "removed";

export interface WaitResult {
  readonly exitCode: number;
  readonly error: string | undefined;
}

export interface Containers {
  list(request: ListRequest): Promise<ContainerView[]>;
  /** By full id, name, or unique id prefix. @throws NotFound "No such container: X" */
  get(nameOrId: string): ContainerView;
  inspect(nameOrId: string, options: { readonly size: boolean }): Promise<ContainerView>;
  create(request: {
    readonly name: string | undefined;
    readonly platform: string | undefined;
    readonly body: ContainerCreateRequest;
  }): Promise<{ readonly id: string; readonly warnings: string[] }>;
  /** @throws NotModified when it runs already */
  start(
    nameOrId: string,
    options?: { readonly checkpoint?: string | undefined; readonly checkpointDir?: string | undefined },
  ): Promise<void>;
  /** @throws NotImplemented where CRIU is missing or does not work @param options.directory "": the container's own */
  createCheckpoint(
    nameOrId: string,
    options: { readonly name: string; readonly directory: string; readonly exit: boolean },
  ): Promise<void>;
  listCheckpoints(nameOrId: string, directory: string): Promise<string[]>;
  removeCheckpoint(nameOrId: string, name: string, directory: string): Promise<void>;
  /** @param timeoutSeconds -1: wait for ever; undefined: the container's own @throws NotModified when it is stopped */
  stop(
    nameOrId: string,
    options: { readonly timeoutSeconds?: number; readonly signal?: string },
  ): Promise<void>;
  restart(
    nameOrId: string,
    options: { readonly timeoutSeconds?: number; readonly signal?: string },
  ): Promise<void>;
  kill(nameOrId: string, signal: string | undefined): Promise<void>;
  pause(nameOrId: string): Promise<void>;
  unpause(nameOrId: string): Promise<void>;
  rename(nameOrId: string, newName: string): Promise<void>;
  update(nameOrId: string, request: ContainerUpdateRequest): Promise<{ readonly warnings: string[] }>;
  remove(
    nameOrId: string,
    options: { readonly force: boolean; readonly volumes: boolean; readonly link: boolean },
  ): Promise<void>;
  /** What `remove` would take away now. @throws as `remove` */
  planRemove(
    nameOrId: string,
    options: { readonly force: boolean; readonly volumes: boolean; readonly removed: ReadonlySet<string> },
  ): Promise<RemovalPlan>;
  /** What `prune` would take away now. */
  planPrune(filters: Readonly<Record<string, readonly string[]>>): Promise<RemovalPlan>;
  prune(
    filters: Readonly<Record<string, readonly string[]>>,
  ): Promise<{ readonly removed: string[]; readonly spaceReclaimed: number }>;
  /** The promise of the outcome is ready to await as soon as `wait` returned: nothing that ends later is missed. */
  wait(
    nameOrId: string,
    condition: WaitCondition,
    signal?: AbortSignal,
  ): Promise<{ readonly result: Promise<WaitResult> }>;
  /**
   * Works before the start too: the stream then waits, and takes the client's own connection for the process where it
   * has `offer` and the client's bytes need no care. Frames unless the container has a terminal.
   */
  attach(
    nameOrId: string,
    request: AttachRequest,
  ): Promise<{
    readonly stream: Duplex & { offer?(connection: OfferedConnection): Promise<boolean> };
    readonly terminal: boolean;
  }>;
  /** Gives the client's own connection to the process that runs. @returns false: `attach` is the way */
  handOver(nameOrId: string, request: AttachRequest, client: AttachingClient): Promise<boolean>;
  /** Docker's frames (raw with a terminal). */
  logs(
    nameOrId: string,
    request: LogsRequest,
  ): Promise<{ readonly chunks: AsyncIterable<Uint8Array>; readonly terminal: boolean }>;
  resize(nameOrId: string, rows: number, columns: number): Promise<void>;
  top(nameOrId: string, psArgs: string): Promise<ContainerTop>;
  /** Docker's stats object as JSON; every second, or once. */
  stats(
    nameOrId: string,
    options: { readonly stream: boolean; readonly oneShot: boolean; readonly signal: AbortSignal },
  ): AsyncIterable<string>;
  /**
   * As `stats`, once for these containers, or for all that run; `all`: for all. Null for one that was removed meanwhile.
   * @throws NotFound
   */
  statsOfMany(
    names: readonly string[],
    options: { readonly all: boolean; readonly signal: AbortSignal },
  ): Promise<(string | null)[]>;
  changes(nameOrId: string): Promise<FilesystemChange[]>;
  /** One file of a container. @throws NotFound "Could not find the file PATH in container X" */
  statPath(nameOrId: string, path: string, signal?: AbortSignal): Promise<ContainerPathStat>;
  /** A file, or a directory with all it holds, as a tar archive that must be read to its end or returned. */
  copyFrom(
    nameOrId: string,
    path: string,
    signal?: AbortSignal,
  ): Promise<{ readonly stat: ContainerPathStat; readonly archive: AsyncIterableIterator<Uint8Array> }>;
  /** @throws NotFound; InvalidArgument; PermissionDenied where the place is read-only */
  copyTo(nameOrId: string, request: CopyToRequest): Promise<void>;
  /** The root file system as a tar archive that must be read to its end or returned. */
  export(nameOrId: string, signal?: AbortSignal): Promise<AsyncIterableIterator<Uint8Array>>;
  /** Makes an image of what the container changed. @returns its id */
  commit(nameOrId: string, request: CommitRequest): Promise<Digest>;

  execCreate(nameOrId: string, config: ExecConfig): Promise<string>;
  /** @throws NotFound "No such exec instance: X", Conflict */
  execStart(
    execId: string,
    options: {
      readonly detach: boolean;
      readonly terminal: boolean;
      readonly consoleSize?: readonly number[];
      /** The client's own connection: taken where its bytes need no care, and then there is no stream. */
      readonly connection?: OfferedConnection | undefined;
    },
  ): Promise<{ readonly stream: AttachStream | undefined; readonly terminal: boolean }>;
  execInspect(execId: string): ExecInspect;
  execResize(execId: string, rows: number, columns: number): Promise<void>;

  connect(nameOrId: string, network: string, settings: EndpointSettings): Promise<void>;
  disconnect(nameOrId: string, network: string, force: boolean): Promise<void>;
  /** Publishes and withdraws ports, all or nothing. @throws EngineError with Docker's text for a port that is taken */
  publish(nameOrId: string, request: PublishRequest): Promise<void>;

  /** What images must know of the containers made from them. */
  readonly imageUsers: ImageUsers;
  /** Those of these containers that run stand still until it is disposed. */
  holdStill(ids: readonly string[]): Promise<AsyncDisposable>;
  /** Of containers that run, each as often as it is. */
  runningLogDrivers(): string[];
  counts(): {
    readonly total: number;
    readonly running: number;
    readonly paused: number;
    readonly stopped: number;
  };
  /**
   * Finds what runs, what ended meanwhile, what must be finished or undone; tells networks and volumes who runs; then
   * restart policies. Once, before the first request.
   */
  recover(): Promise<void>;
  /**
   * Stops what runs, those first that depend on others; restart policies bring it back with the next daemon.
   * @param timeoutSeconds after which the rest is killed; longer when a container's own stop may take longer
   */
  shutDown(timeoutSeconds: number): Promise<void>;
  /** Lets go of everything without stopping containers. */
  close(): Promise<void>;
}

import type { KeyedLock } from "#base/async.ts";
import type { Clock } from "#base/clock.ts";
import type { Log } from "#base/log.ts";
import type { Events } from "#events/types.ts";
import type { Images } from "#images/types.ts";
import type { Networks } from "#network/types.ts";
import type { LogPluginPlace } from "#plugins/types.ts";
import type { ResolvedEdits } from "#runtime/cdi/apply.ts";
import type { AccountFiles, SpecDefaults, SpecDevices, SpecHost } from "#runtime/spec/types.ts";
import type { ExitStatus, Runtime } from "#runtime/types.ts";
import type { ContainerUserNamespaces } from "#runtime/user-namespaces.ts";
import type { HostConfig, LogConfig } from "#spec/docker/containers.ts";
import type { StateStore } from "#state/types.ts";
import type { ContainerFiles } from "#storage/files/types.ts";
import type { RootMount, Snapshotter } from "#storage/types.ts";
import type { CopyUpRequest } from "#volumes/copy-up.ts";
import type { MountsRequest } from "#volumes/mounts.ts";
import type { PlannedMount, Volumes } from "#volumes/types.ts";
import type { GroupSettings } from "./cgroup-path.ts";
import type { HostFacts } from "./check-resources.ts";
import type { ExecSessions } from "./exec-sessions.ts";
import type { HostDefaults } from "./host-config.ts";
import type { LiveContainers, Run } from "./live.ts";
import type { LogCompressor } from "./logs/compress.ts";
import type { ContainerRecords } from "./records.ts";
import type { LogShipping } from "./shipping.ts";
import type { Ticker } from "./times.ts";
import type { WarmSamples } from "./warm-samples.ts";

/** What an administrator decides once for all containers. */
export interface ContainerSettings {
  /** Survives a reboot. */
  readonly dataRoot: string;
  /** On a tmpfs. */
  readonly execRoot: string;
  readonly cgroups: GroupSettings;
  readonly logConfig: LogConfig;
  /** Between a stop's signal and SIGKILL, for containers that name none. */
  readonly stopTimeoutSeconds: number;
  readonly shmSizeBytes: number;
  /** false: containers the last daemon left running are stopped, as Docker does without its live-restore. */
  readonly liveRestore: boolean;
  readonly ipcMode: "private" | "shareable";
  /** undefined: private on control groups v2, the host's on v1. */
  readonly cgroupnsMode: "private" | "host" | undefined;
  /** "ctrl-p,ctrl-q"; empty: Docker's. */
  readonly detachKeys: string;
  readonly host: HostFacts & { readonly hostname: string };
}

/** The parts of the engine containers stand on, each as the few methods used. */
export interface ContainersDeps {
  readonly state: Pick<StateStore, "collection" | "transaction">;
  readonly events: Pick<Events, "emit">;
  readonly images: Pick<Images, "get" | "find" | "commit">;
  readonly snapshots: Pick<
    Snapshotter,
    | "name"
    | "createWritable"
    | "rootMount"
    | "diffSource"
    | "driverData"
    | "writableSize"
    | "removeWritable"
    | "writables"
  >;
  readonly files: ContainerFiles;
  readonly volumes: Pick<
    Volumes,
    | "create"
    | "find"
    | "get"
    | "release"
    | "remove"
    | "mount"
    | "unmount"
    | "recover"
    | "usersOf"
    | "sizeBytes"
  >;
  readonly networks: Pick<
    Networks,
    | "find"
    | "get"
    | "openSandbox"
    | "sandbox"
    | "closeSandbox"
    | "settled"
    | "gone"
    | "connect"
    | "disconnect"
    | "publish"
    | "publishNotice"
    | "rename"
    | "hostsFile"
    | "resolvConf"
    | "recover"
  >;
  readonly runtime: Pick<
    Runtime,
    | "start"
    | "exec"
    | "recover"
    | "recoverExecs"
    | "cleanUp"
    | "listLive"
    | "freeze"
    | "thaw"
    | "pids"
    | "setLimits"
    | "heldLimits"
    | "isRuntime"
    | "prepareParent"
    | "sample"
    | "sampleCpu"
    | "probe"
    | "describeProcesses"
    | "checkCheckpoints"
    | "checkpoint"
    | "isHungUp"
    | "defaultName"
    | "runtimes"
  >;
  /** Binds, mounts, tmpfs and volumes of a request as one checked list. @throws InvalidArgument with Docker's texts */
  readonly planMounts: (request: MountsRequest) => readonly PlannedMount[];
  /** Fills an empty volume with what the image has at `path` below `root`, never following a link out of it. */
  readonly copyUp: (request: CopyUpRequest) => Promise<void>;
  readonly mounts: ContainerMounts;
  readonly userns: UserNamespaces;
  readonly specs: SpecFacts;
  /** Where a plugin takes logs. @throws NotFound in Docker's words, and what else keeps it from doing so */
  readonly logPlugin: (name: string) => LogPluginPlace;
  /** Our own program as the process that ships logs. */
  readonly shipCommand: readonly string[];
  readonly clock: Clock;
  readonly log: Log;
  readonly settings: ContainerSettings;
}

/** Namespaces with ids of their own; see runtime/user-namespaces.ts. */
export type UserNamespaces = Pick<
  ContainerUserNamespaces,
  "mappings" | "open" | "close" | "pathOf" | "shifted" | "letThrough"
>;

/** Ids on disk that are seen as others, and the reverse; no other id changes. */
export interface IdExchange {
  readonly uids: readonly [number, number];
  readonly gids: readonly [number, number];
  readonly recursive: boolean;
}

/** Mounts of a container outside of it, made by the storage and kernel layers. "Not mounted" counts as unmounted. */
export interface ContainerMounts {
  /** @param options.shifted with the ids of containers' user namespaces */
  root(root: RootMount, target: string, options?: { readonly shifted?: boolean }): void;
  /** A tmpfs others may share. */
  shm(target: string, sizeBytes: number): void;
  /** The same without what a container could write: made as `root`. */
  image(root: RootMount, target: string, options?: { readonly shifted?: boolean }): void;
  /** What is at a path in a volume or an image, wherever links there lead; `target` is made. @throws SysError EXDEV */
  below(directory: string, path: string, target: string, options: { readonly recursive: boolean }): void;
  /** A directory or file of the host with its ids exchanged; `target` is made. @throws Unavailable with the reason */
  exchangingIds(source: string, target: string, options: IdExchange): Promise<void>;
  unmount(target: string): void;
  /** The mount a path without links is on: where it is, and its peers ("shared:1", "master:2"). */
  mountOf(path: string): { readonly target: string; readonly peers: readonly string[] };
  /** Of the mount a path is on: "ro", "nosuid", … */
  restrictions(path: string): readonly string[];
}

/** What `config.json` is made from besides the container: the runtime's looks at this host. */
export interface SpecFacts {
  readonly host: SpecHost;
  readonly defaults?: SpecDefaults;
  /** Program of `--init`. */
  readonly initPath: string;
  readonly readAccounts: (rootfs: string) => AccountFiles;
  readonly readDevices: (hostConfig: HostConfig) => SpecDevices;
  /** For devices asked for by CDI name. */
  readonly findCdiEdits: (requests: HostConfig["DeviceRequests"]) => readonly ResolvedEdits[];
}

/** What every step of a container's life works with: the parts, and the state they share. Made once. */
export interface Context extends ContainersDeps {
  readonly records: ContainerRecords;
  readonly live: LiveContainers;
  readonly sessions: ExecSessions;
  readonly shipping: Pick<LogShipping, "begin" | "ended" | "removed" | "recover">;
  readonly compressor: LogCompressor;
  readonly warm: Pick<WarmSamples, "before" | "note">;
  readonly locks: KeyedLock;
  readonly ticker: Ticker;
  readonly defaults: HostDefaults;
  /** Fires when the engine lets go: what looks like an end afterwards is only our connection closing. */
  readonly closing: AbortSignal;
  /** Called once for each run, when it has begun or was found again. */
  readonly onRun: (id: string, run: Run) => void;
  /** Called once for each run, when its process has ended. */
  readonly onExit: (id: string, run: Run, status: ExitStatus) => void;
}

/**
 * From a finished description of a container to a running process and back to its exit status.
 *
 * One supervisor (the C program in shim/) stands behind each container and each exec. It outlives the daemon; the
 * daemon finds it again through the socket in the container's run directory. Nothing here knows images, networks or
 * Docker's records: `containers` gives a spec whose paths are real, and gets an exit status.
 */
import type { CgroupStats } from "#kernel/types.ts";
import type { Resources } from "#spec/docker/containers.ts";
import type { RuntimeSpec } from "#spec/oci/runtime.ts";
import type { NamedLimits } from "./held-devices.ts";
import type { LogNotice } from "./shim/protocol.ts";

export type { LimitKind } from "#kernel/types.ts";
export type { NamedLimits } from "./held-devices.ts";
export type { LogNotice };

export interface ExitStatus {
  /** As a shell counts: the exit code, or 128 plus the signal. */
  readonly code: number;
  /** 0 when the process ended by itself. */
  readonly signal: number;
  /** The kernel killed something in the group for want of memory. */
  readonly oomKilled: boolean;
  /** RFC 3339 with nanoseconds, UTC; when the supervisor saw the end. */
  readonly finishedAt: string;
}

export interface LogTarget {
  /** Absolute path; rotated files get ".1", ".2", … and ".gz" behind that where they are compressed. */
  readonly path: string;
  /** "json": Docker's json-file; "local": what was written at once as one record, byte for byte. */
  readonly format?: "json" | "local";
  /** Rotated files get compressed by whoever listens to `watchLog`. */
  readonly compressed?: boolean;
  /** The next entry begins a new file once this size is reached, as in Docker; 0 means never. */
  readonly maxBytes: number;
  /** Files kept in all, the current one included; at least 1. */
  readonly maxFiles: number;
  /** Extra attributes put in every line's "attrs" (labels and variables chosen by log options). */
  readonly attrs?: Readonly<Record<string, string>>;
}

/** Who listens. Streams not asked for are not sent. */
export interface AttachOptions {
  readonly stdin: boolean;
  readonly stdout: boolean;
  readonly stderr: boolean;
}

/**
 * One reader's connection to a supervisor.
 *
 * Reading gives bytes exactly as Docker's API sends them: with a terminal raw, else in 8-byte-headed frames. It ends
 * after the process has ended and everything was delivered. Writing goes to the process's stdin; `end()` closes the
 * process's stdin if the supervisor was told `stdinOnce`, else only this writer.
 */
export type AttachStream = import("node:stream").Duplex;

/** Absolute: CRIU's images, and where it may write its log. */
export interface RestoreSource {
  readonly imageDirectory: string;
  readonly workDirectory: string;
}

export interface CheckpointRequest extends RestoreSource {
  readonly containerId: string;
  /** Configured name of the runtime that started the container. */
  readonly runtime: string;
  readonly leaveRunning: boolean;
}

export interface StartRequest {
  /** 64 hex digits; names the runtime's state and the cgroup. */
  readonly id: string;
  /** Directory on a tmpfs (exec-root): bundle, socket and pid live here. Made when missing. */
  readonly runDirectory: string;
  /** Directory that survives a reboot (data-root): the exit record lives here. */
  readonly stateDirectory: string;
  readonly spec: RuntimeSpec;
  readonly terminal: boolean;
  /** Keep the process's stdin open for attaching writers. */
  readonly openStdin: boolean;
  /** Close the process's stdin when the first attached writer ends. */
  readonly stdinOnce: boolean;
  readonly log: LogTarget | undefined;
  /** Configured runtime name: "crun", "runc", or a name from --add-runtime. */
  readonly runtime: string;
  /** Go on from a checkpoint instead of starting the program. */
  readonly restore?: RestoreSource | undefined;
  /** Readers that were waiting before the start: connected before the process runs, so they miss nothing. */
  readonly attach: readonly PendingAttach[];
}

/** A reader that came before the container started. */
export interface PendingAttach {
  readonly options: AttachOptions;
  /** Called once, before the process runs. When the start fails the stream is destroyed, without an error of its own. */
  readonly connected: (stream: AttachStream) => void;
  /**
   * The client's own connection, asked for when the supervisor is started: where there is one the supervisor inherits
   * it, `connected` is not called, and no byte passes the daemon.
   */
  readonly direct?: () => DirectConnection | undefined;
}

/** A client's socket that nobody reads and whose output is sent. */
export interface DirectConnection {
  /** Stays its owner's. */
  readonly fd: number;
  /** What lets go of a terminal, at most DETACH_KEYS_MAX; the supervisor watches for it. */
  readonly detachKeys?: Uint8Array | undefined;
  /** The process runs and the supervisor has its own hold: ours is closed now, without ending the connection. */
  taken(): void;
}

/** A client's socket to hand to a supervisor whose process runs. Nobody reads it, and its output is sent. */
export interface HandOver {
  /** Stays its owner's, who closes it without ending the connection once it is taken. */
  readonly fd: number;
  readonly options: AttachOptions;
  readonly detachKeys: Uint8Array | undefined;
  /** For the client, before anything the process says. */
  readonly words: Uint8Array;
}

export interface ExecRequest {
  readonly containerId: string;
  /** 64 hex digits of the exec session. */
  readonly id: string;
  /** The container's run directory; the session gets a directory below it. */
  readonly runDirectory: string;
  readonly process: RuntimeSpec["process"];
  /** Kept beside the session and handed back by `recoverExecs`. */
  readonly note: string;
  readonly terminal: boolean;
  readonly openStdin: boolean;
  readonly runtime: string;
  readonly attach: PendingAttach | undefined;
}

/** One supervised process: a container's first process or an exec. */
export interface SupervisedProcess {
  readonly id: string;
  /** In the host's pid namespace. */
  readonly pid: number;
  /** RFC 3339 with nanoseconds. */
  readonly startedAt: string;
  /** Resolves once; never rejects. A supervisor that died without a word counts as code 137. */
  readonly exited: Promise<ExitStatus>;
  /** @throws Conflict when the process has ended */
  attach(options: AttachOptions): Promise<AttachStream>;
  /**
   * Makes a client's own connection a reader: no byte passes the daemon from then on.
   * @returns false where it cannot be, and then nothing was sent: a supervisor of an earlier version, or one that is full
   */
  handOver(client: HandOver): Promise<boolean>;
  /** Tells of clients with connections of their own that typed their detach keys; one listener. */
  watchDetach(listener: () => void): void;
  /** Terminal size in characters. No terminal: no effect, as in Docker. */
  resize(rows: number, columns: number): void;
  /** To the first process. @returns false when it has ended */
  signal(signal: number): boolean;
  closeStdin(): void;
  /** Tells of rotations (only of a log that gets compressed) and of failures to write; one listener. */
  watchLog(listener: (notice: LogNotice) => void): void;
  /**
   * The rotated file with this inode has been compressed into the log's name with ".compressed": the supervisor, who
   * alone renames the log's files, puts it in place. @returns false when the supervisor has gone
   */
  adoptCompressedLog(inode: number): boolean;
  /** Lets the supervisor close its log and open it again at the same path (after an outside rotation). */
  reopenLog(): void;
}

export interface RecoverRequest {
  readonly id: string;
  readonly runDirectory: string;
  readonly stateDirectory: string;
}

export interface CleanUpRequest {
  readonly id: string;
  readonly runDirectory: string;
  /** Below the hierarchies' roots; what its bundle says when absent. */
  readonly cgroupPath?: string;
}

/** What is left of a container the daemon finds at its start. */
export type Recovered =
  | { readonly state: "running"; readonly process: SupervisedProcess }
  | { readonly state: "exited"; readonly status: ExitStatus }
  /** No supervisor and no exit record: the machine went down, or somebody killed the supervisor. */
  | { readonly state: "lost" };

export interface RecoveredExec {
  readonly id: string;
  /** As given with the `ExecRequest`. */
  readonly note: string;
  readonly recovered: Exclude<Recovered, { readonly state: "lost" }>;
}

/** A service that is asked for its health from inside its own network; nothing is run for it. */
export interface ProbeTarget {
  readonly kind: "tcp" | "http";
  /** An IP address as the container sees it. */
  readonly address: string;
  readonly port: number;
  /** With its query; "" for TCP. */
  readonly path: string;
}

export interface ProbeOutcome {
  /** TCP: the connection was accepted. HTTP: the answer's status is 200 to 399. */
  readonly passed: boolean;
  /** The answer's first line and the beginning of its body, or why there is none. */
  readonly output: string;
}

export interface SampleRequest {
  readonly cgroupPath: string;
  /** A process whose network namespace is counted; undefined for the host's, which is no container's. */
  readonly pid: number | undefined;
}

/** Counters of a running container at one moment. */
export interface ContainerSample {
  readonly cgroup: CgroupStats;
  /** By the name inside the container ("eth0"), the loopback left out; empty where the container shares the host's. */
  readonly interfaces: Readonly<Record<string, InterfaceCounters>>;
  /** CPU time of the whole host since boot. */
  readonly hostCpuNanos: number;
  readonly onlineCpus: number;
  /** Memory of the whole host: the limit of a container that has none. */
  readonly hostMemoryBytes: number;
}

/** What a share of processor time is computed from: two of these. */
export interface CpuSample extends Pick<ContainerSample, "hostCpuNanos" | "onlineCpus"> {
  readonly cgroup: Pick<CgroupStats, "cpu">;
}

/** As seen from inside the container. */
export interface InterfaceCounters {
  readonly rxBytes: number;
  readonly rxPackets: number;
  readonly rxErrors: number;
  readonly rxDropped: number;
  readonly txBytes: number;
  readonly txPackets: number;
  readonly txErrors: number;
  readonly txDropped: number;
}

export interface RuntimeInfo {
  readonly name: string;
  readonly path: string;
  /** First line of `--version`. */
  readonly version: string;
}

export interface Runtime {
  /** Runtimes found on this host, by configured name. */
  readonly runtimes: ReadonlyMap<string, RuntimeInfo>;
  /** Whether containers can be started with it: a name of `runtimes`, or the absolute path of one, which joins them. */
  isRuntime(name: string): Promise<boolean>;
  /** The name used when a container asks for none: crun where it is installed, else runc. */
  readonly defaultName: string;
  /**
   * Starts the process and returns when it runs.
   * @throws StartFailed with the runtime's words as Docker's client expects them; its `exitCode` is 126, 127 or 128
   * @throws Internal when the supervisor itself cannot start; nothing is left behind in either case
   */
  start(request: StartRequest): Promise<SupervisedProcess>;
  exec(request: ExecRequest): Promise<SupervisedProcess>;
  /** Looks for the supervisor of a container (or the record of its end). Never starts anything. */
  recover(request: RecoverRequest): Promise<Recovered>;
  /** @param name of the configured runtime @throws NotImplemented when this host cannot checkpoint with it, and why */
  checkCheckpoints(name: string): Promise<void>;
  /** Directories must exist. @throws Internal with CRIU's words */
  checkpoint(request: CheckpointRequest): Promise<void>;
  /** The exec sessions of a running container that a daemon before began, and how those that ended meanwhile did. */
  recoverExecs(request: {
    readonly containerId: string;
    readonly runDirectory: string;
  }): Promise<RecoveredExec[]>;
  /**
   * Removes what an ended container left: processes still in its group (when its supervisor was killed), bundle, runtime
   * state, cgroups. Gone already counts as done.
   */
  cleanUp(request: CleanUpRequest): Promise<void>;
  /** Stops every process of the group where it is; `thaw` lets them go on. Returns when they stand still. */
  freeze(cgroupPath: string): void;
  thaw(cgroupPath: string): void;
  /** Processes of the group, in the host's pid namespace. */
  pids(cgroupPath: string): number[];
  /** The group's processes with their state and the place in the kernel they wait in; "" when there are none. */
  describeProcesses(cgroupPath: string): string;
  /** Applies new limits to a running container; fields that are absent or 0 stay as they are. */
  setLimits(cgroupPath: string, limits: Resources): void;
  /** What the kernel holds for a running container's group, with devices by the paths they were asked for by. @throws SysError ENOENT when it is gone */
  heldLimits(cgroupPath: string, asked: Resources): NamedLimits;
  /** Makes the group above a container's, ready for runtimes that start side by side. */
  prepareParent(cgroupPath: string): void;
  /** Whether the peer of a connected socket has gone, told without reading from it. */
  isHungUp(fd: number): boolean;
  /** @throws NotFound when the group is gone */
  sample(request: SampleRequest): ContainerSample;
  /** @throws NotFound when the group is gone */
  sampleCpu(request: { readonly cgroupPath: string }): CpuSample;
  /**
   * Connects from inside a network namespace, within this process.
   * @param request.netnsPath of the pinned namespace; "" for the host's
   * @param request.signal ends the wait: the probe has failed then
   */
  probe(request: {
    readonly netnsPath: string;
    readonly target: ProbeTarget;
    readonly signal: AbortSignal;
  }): Promise<ProbeOutcome>;
  /** Run directories' ids that have a live supervisor, for the search for left-overs. */
  listLive(runRoot: string): Promise<string[]>;
}

/** What `config.json` is made from: Docker's configuration, and facts somebody has looked up. No function here acts. */
import type { KernelFeatures, LimitKind } from "#kernel/types.ts";
import type { ContainerConfig, HostConfig, Ulimit } from "#spec/docker/containers.ts";
import type { ExecConfig } from "#spec/docker/exec.ts";
import type { RuntimeDevice, RuntimeProcess, RuntimeSpec } from "#spec/oci/runtime.ts";
import type { ResolvedEdits } from "../cdi/apply.ts";
import type { IdMappings } from "../user-namespaces.ts";

/** What this host allows; read once by `readSpecHost()`. */
export interface SpecHost {
  readonly features: Pick<KernelFeatures, "cgroup" | "controllers" | "apparmor" | "seccomp" | "swapLimit">;
  /** "x64" or "arm64". */
  readonly arch: string;
  /** "CAP_CHOWN", …: those we can give away. */
  readonly capabilities: readonly string[];
  /** Our hard limits by OCI name ("RLIMIT_NOFILE"); Infinity for none. Without CAP_SYS_RESOURCE nobody gets more. */
  readonly hardLimits: Readonly<Record<string, number>>;
  /** Our own; without CAP_SYS_RESOURCE nobody gets less. */
  readonly oomScoreAdj: number;
  /** The administrator wants SELinux labels, and the host has SELinux. */
  readonly selinux: boolean;
  /** What the kernel can limit for a container's group. */
  readonly limits: ReadonlySet<LimitKind>;
}

/** A namespace of the container's own, the host's, or one that exists already. */
export type NamespaceChoice = "private" | "host" | { readonly path: string };

/** One planned mount with its source found. Volumes and images come as "bind". */
export interface SpecMount {
  readonly type: "bind" | "tmpfs";
  /** Absolute path in the container. */
  readonly destination: string;
  /** Absolute host path; unused for tmpfs. */
  readonly source: string;
  readonly readOnly: boolean;
  /** Take along what is mounted below the source. Default true. */
  readonly recursive?: boolean;
  /** With `readOnly`: mounts below the source stay writable. Default false. */
  readonly writableBelow?: boolean;
  /** "" means rprivate. */
  readonly propagation: string;
  /** Of the mount the source is on: "nosuid", "ro", … Not every runtime lets a bind keep them by itself. */
  readonly restrictions?: readonly string[];
  /** As the user gave them: "size=64m", "mode=1770", "exec". */
  readonly tmpfsOptions?: readonly string[];
}

/** Texts of the image's account files; undefined where the image has none. */
export interface AccountFiles {
  readonly passwd: string | undefined;
  readonly group: string | undefined;
}

/** What an administrator decides for containers that say nothing. */
export interface SpecDefaults {
  readonly noNewPrivileges?: boolean;
  readonly ulimits?: readonly Ulimit[];
  /** "unconfined", "builtin" or the JSON text of a profile; "builtin" when absent. */
  readonly seccompProfile?: string;
  /** An init in front of the first process. */
  readonly init?: boolean;
  /** A time namespace for each container that runs in one of its own of the other kinds. */
  readonly timeNamespaces?: boolean;
  /** AppArmor profile loaded by the engine; none when absent. */
  readonly apparmorProfile?: string;
}

export interface SpecInput {
  readonly id: string;
  /** Image defaults and request merged; Hostname filled in. */
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  /** Absolute path of the mounted root file system. */
  readonly rootfs: string;
  /** In the order the user gave them. */
  readonly mounts: readonly SpecMount[];
  /** Host paths of generated files; absent ones are not mounted, nor those a user's mount replaces. */
  readonly files: { readonly hosts?: string; readonly hostname?: string; readonly resolvConf?: string };
  readonly namespaces: {
    readonly network: NamespaceChoice;
    readonly ipc: NamespaceChoice;
    readonly pid: NamespaceChoice;
    readonly uts: NamespaceChoice;
    readonly cgroup: NamespaceChoice;
    readonly user: NamespaceChoice;
  };
  /** Of the user namespace joined. */
  readonly idMappings?: IdMappings | undefined;
  /** Host directory for /dev/shm of a shareable or shared IPC namespace; the container's own tmpfs when absent. */
  readonly shmPath?: string;
  /** "/wharf/ID" */
  readonly cgroupPath: string;
  readonly accounts: AccountFiles;
  /** What `readDevices()` found for this host configuration. */
  readonly devices: SpecDevices;
  /** For devices asked for by CDI name. */
  readonly cdiEdits?: readonly ResolvedEdits[];
  readonly host: SpecHost;
  readonly defaults?: SpecDefaults | undefined;
  /** With HostConfig.Init: the supervisor's program, mounted at /sbin/docker-init. */
  readonly initPath?: string;
}

export interface SpecDevices {
  /** One for each node found for a --device, with the cgroup access asked for. */
  readonly asked: readonly { readonly device: RuntimeDevice; readonly access: string }[];
  /** All of the host's, for a privileged container. */
  readonly host: readonly RuntimeDevice[];
  /** Numbers of the devices whose I/O is limited, by path. */
  readonly block: ReadonlyMap<string, DeviceNumbers>;
}

export interface DeviceNumbers {
  readonly major: number;
  readonly minor: number;
}

export interface SpecResult {
  readonly spec: RuntimeSpec;
  /** What the user asked for and does not get, as Docker words it. */
  readonly warnings: readonly string[];
}

export interface ExecInput {
  /** The container's. */
  readonly id?: string;
  /** The container's. */
  readonly config: ContainerConfig;
  readonly hostConfig: HostConfig;
  readonly exec: ExecConfig;
  readonly accounts: AccountFiles;
  readonly host: SpecHost;
  readonly defaults?: SpecDefaults | undefined;
}

export interface ExecResult {
  readonly process: RuntimeProcess;
  readonly warnings: readonly string[];
}

/** The daemon's configuration as one checked value, and the engine it runs. */

import type { Api, TlsFiles } from "#api/types.ts";
import type { LogLevel } from "#base/log.ts";
import type { GroupSettings } from "#containers/cgroup-path.ts";
import type { TrustPolicy } from "#images/trust/policy.ts";
import type { NetworkOptions } from "#network/options.ts";
import type { RegistryMirrors } from "#registry/mirror.ts";
import type { ProxySettings } from "#registry/proxy.ts";
import type { LogConfig, Ulimit } from "#spec/docker/containers.ts";
import type { ApiVersion } from "#spec/docker/versions.ts";
import type { ImageGcConfig } from "./image-gc.ts";

/** One `-H`: where the API listens. */
export type HostAddress =
  | { readonly kind: "unix"; readonly path: string }
  | { readonly kind: "tcp"; readonly host: string; readonly port: number }
  /** Sockets handed over by systemd; "" means all of them. */
  | { readonly kind: "fd"; readonly name: string };

/** Flags and daemon.json merged, checked, with defaults filled in. */
export interface DaemonConfig {
  readonly dataRoot: string;
  readonly execRoot: string;
  readonly pidfile: string;
  readonly configFile: string | undefined;
  readonly hosts: readonly HostAddress[];
  /** Owner of unix sockets. */
  readonly group: string;
  readonly tls: (Omit<TlsFiles, "clientCa"> & { readonly clientCa: string | undefined }) | undefined;
  readonly log: { readonly level: LogLevel; readonly format: "text" | "json" };
  readonly debug: boolean;
  readonly experimental: boolean;
  readonly labels: readonly string[];
  readonly minApiVersion: ApiVersion;
  /** Asked in this order about every request. */
  readonly authorizationPlugins: readonly string[];
  /** Seconds a clean stop may take. */
  readonly shutdownTimeoutSeconds: number;
  /** Containers outlive the daemon, as they do unless somebody wants Docker's default. */
  readonly liveRestore: boolean;

  readonly runtimes: Readonly<Record<string, { readonly path: string; readonly args?: readonly string[] }>>;
  readonly defaultRuntime: string | undefined;
  readonly cgroups: GroupSettings;
  readonly isolation: IsolationConfig;
  readonly containers: {
    readonly logConfig: LogConfig;
    readonly stopTimeoutSeconds: number;
    readonly shmSizeBytes: number;
  };

  /** As the network layer takes them; table and directory are the engine's business. */
  readonly network: Omit<NetworkOptions, "netnsDirectory" | "table" | "bridge" | "enginePorts"> & {
    /** undefined: a name made for this data root, so that several daemons do not meet. "none": no default network. */
    readonly bridge: string | undefined;
  };

  readonly images: {
    readonly maxConcurrentDownloads: number | undefined;
    readonly maxConcurrentUploads: number | undefined;
    readonly maxDownloadAttempts: number | undefined;
    readonly insecureRegistries: readonly string[];
    /** By the domain in an image's name. */
    readonly registries: Readonly<Record<string, RegistryMirrors>>;
    readonly proxies: ProxySettings;
    readonly trustPolicy: TrustPolicy | undefined;
    /** undefined: images are never evicted. */
    readonly gc: ImageGcConfig | undefined;
  };
  readonly storageDriver: string | undefined;
}

/** What confines containers, and what those get that say nothing about it. */
export interface IsolationConfig {
  readonly noNewPrivileges: boolean;
  readonly seccompProfile: {
    /** As `docker info` shows it: "builtin", "unconfined" or a path. */
    readonly name: string;
    /** "builtin", "unconfined" or the JSON text. */
    readonly text: string;
  };
  readonly ulimits: readonly Ulimit[];
  /** An init as first process of containers that do not say. */
  readonly init: boolean;
  /** Absolute; undefined for the engine's own. */
  readonly initPath: string | undefined;
  /** undefined: private on control groups v2, the host's on v1. */
  readonly cgroupnsMode: "private" | "host" | undefined;
  readonly ipcMode: "private" | "shareable";
  /** CPU time for real-time processes of all containers together; control groups v1 only. */
  readonly realtime: {
    readonly periodMicros: number | undefined;
    readonly runtimeMicros: number | undefined;
  };
  /** Empty: no devices by CDI name. */
  readonly cdiSpecDirs: readonly string[];
  readonly timeNamespaces: boolean;
  /** "default", "user", "user:group", ids: who containers' root is on the host. */
  readonly usernsRemap: string | undefined;
  readonly selinux: boolean;
  /** Bound of a container's writable directory; undefined for none. */
  readonly writableSizeBytes: number | undefined;
}

/** Settings that SIGHUP changes in a running engine. */
export type ReloadableConfig = Pick<
  DaemonConfig,
  "debug" | "log" | "labels" | "images" | "shutdownTimeoutSeconds" | "liveRestore" | "authorizationPlugins"
>;

export interface Engine {
  readonly api: Api;
  /** Finds what the daemon before left, then lets requests in. Call once, after the listeners are open. */
  recover(): Promise<void>;
  reload(config: ReloadableConfig): void;
  /** Pending work and open resources, for a person who looks for what hangs. */
  dump(): Record<string, unknown>;
  /** Ends every container, as at a stop that takes them along; call it before `close`. */
  stopContainers(): Promise<void>;
  /** Lets go of everything; containers live on. */
  close(): Promise<void>;
}

/** `deploy`, `build` and `develop` of a service, in canonical form. */
import type { DeviceRequest, FileReference, ServiceHook, Ulimit } from "./container-types.ts";
import type { Bytes, Environment, Nanoseconds, StringMap } from "./types.ts";

export interface Deploy {
  readonly mode?: string;
  readonly replicas?: number;
  readonly labels?: StringMap;
  readonly update_config?: UpdateConfig;
  readonly rollback_config?: UpdateConfig;
  readonly resources?: { readonly limits?: Resources; readonly reservations?: Resources };
  readonly restart_policy?: {
    /** "none", "on-failure", "any". */
    readonly condition?: string;
    readonly delay?: Nanoseconds;
    readonly max_attempts?: number;
    readonly window?: Nanoseconds;
  };
  readonly placement?: {
    readonly constraints?: readonly string[];
    readonly preferences?: readonly { readonly spread?: string }[];
    readonly max_replicas_per_node?: number;
  };
  readonly endpoint_mode?: string;
}

export interface UpdateConfig {
  readonly parallelism?: number;
  readonly delay?: Nanoseconds;
  readonly failure_action?: string;
  readonly monitor?: Nanoseconds;
  readonly max_failure_ratio?: number;
  /** "start-first" or "stop-first". */
  readonly order?: string;
}

export interface Resources {
  /** Fraction of processors. */
  readonly cpus?: number;
  readonly memory?: Bytes;
  readonly pids?: number;
  readonly devices?: readonly DeviceRequest[];
  readonly generic_resources?: readonly {
    readonly discrete_resource_spec?: { readonly kind: string; readonly value: number };
  }[];
}

export interface Build {
  /** Absolute path, or a URL. */
  readonly context?: string;
  readonly dockerfile?: string;
  readonly dockerfile_inline?: string;
  readonly entitlements?: readonly string[];
  readonly args?: Environment;
  readonly provenance?: string;
  readonly sbom?: string;
  readonly ssh?: readonly { readonly id: string; readonly path?: string }[];
  readonly labels?: StringMap;
  readonly cache_from?: readonly string[];
  readonly cache_to?: readonly string[];
  readonly no_cache?: boolean;
  readonly no_cache_filter?: readonly string[];
  readonly additional_contexts?: StringMap;
  readonly pull?: boolean;
  readonly extra_hosts?: Readonly<Record<string, readonly string[]>>;
  readonly isolation?: string;
  readonly network?: string;
  readonly target?: string;
  readonly secrets?: readonly FileReference[];
  readonly shm_size?: Bytes;
  readonly tags?: readonly string[];
  readonly ulimits?: Readonly<Record<string, Ulimit>>;
  readonly platforms?: readonly string[];
  readonly privileged?: boolean;
}

export interface Develop {
  readonly watch?: readonly {
    readonly path: string;
    readonly action: string;
    readonly target?: string;
    readonly exec?: ServiceHook;
    readonly include?: readonly string[];
    readonly ignore?: readonly string[];
    readonly initial_sync?: boolean;
  }[];
}

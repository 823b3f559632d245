/**
 * What a loaded Compose project is. Loading turns files, variables and options into a `Project`: every short syntax is
 * written out, names have their project prefix, paths are absolute, profiles are decided. Keys are spelled as the Compose
 * Specification spells them, so that a project prints, compares and hashes as itself. An absent key was not given.
 * @see https://github.com/compose-spec/compose-spec/blob/main/spec.md
 */

import type { FetchRemote } from "../remote/reference.ts";
import type { ContainerSpec, ServiceHook } from "./container-types.ts";
import type { Build, Deploy, Develop } from "./deploy-types.ts";

export interface Project {
  readonly name: string;
  /** Absolute; what relative paths of the files start from. */
  readonly workingDirectory: string;
  /** Absolute paths in the order they were merged; "-" is standard input. Included and extended files are not listed. */
  readonly files: readonly string[];
  /** What interpolation saw: the process's variables over those of the env files, and COMPOSE_PROJECT_NAME. */
  readonly environment: Readonly<Record<string, string>>;
  /** Services that take part, by name. */
  readonly services: Readonly<Record<string, Service>>;
  /** Services whose profiles are not active. */
  readonly disabledServices: Readonly<Record<string, Service>>;
  readonly networks: Readonly<Record<string, Network>>;
  readonly volumes: Readonly<Record<string, Volume>>;
  readonly secrets: Readonly<Record<string, FileObject>>;
  readonly configs: Readonly<Record<string, FileObject>>;
  readonly models: Readonly<Record<string, Model>>;
  readonly jobs: Readonly<Record<string, Job>>;
  readonly disabledJobs: Readonly<Record<string, Job>>;
  /** Active profiles. */
  readonly profiles: readonly string[];
  readonly extensions: Extensions;
}

/** Keys that start with "x-", as they were written. */
export type Extensions = Readonly<Record<`x-${string}`, unknown>>;
export type StringMap = Readonly<Record<string, string>>;
/** A value of null is a variable that is only named and was not found: it is unset in the container. */
export type Environment = Readonly<Record<string, string | null>>;
/** A length of time in nanoseconds. */
export type Nanoseconds = number;
/** -1 where the attribute knows "unlimited". */
export type Bytes = number;

/** What a service and a job share beyond the container. */
export interface WorkloadSpec {
  readonly build?: Build;
  readonly depends_on?: Readonly<Record<string, Dependency>>;
  readonly dockerfile?: string;
  /** "80", "80/udp", "3000-3005". */
  readonly expose?: readonly string[];
  readonly healthcheck?: Healthcheck;
  /** One entry for each container port: ranges are written out. */
  readonly ports?: readonly Port[];
  readonly stdin_open?: boolean;
  readonly tty?: boolean;
}

export interface Service extends ContainerSpec, WorkloadSpec {
  /** The key it stands under. */
  readonly name: string;
  readonly profiles?: readonly string[];
  readonly deploy?: Deploy;
  readonly develop?: Develop;
  /** "no", "always", "on-failure", "on-failure:3", "unless-stopped". */
  readonly restart?: string;
  /** Equals deploy.replicas when both are there. */
  readonly scale?: number;
  readonly attach?: boolean;
  readonly container_name?: string;
  readonly provider?: Provider;
  readonly external_links?: readonly string[];
  readonly links?: readonly string[];
  readonly pre_start?: readonly PreStartHook[];
  readonly post_start?: readonly ServiceHook[];
  readonly pre_stop?: readonly ServiceHook[];
  readonly extensions: Extensions;
}

/** A container that runs to its end before the service starts. */
export interface PreStartHook extends ContainerSpec {
  readonly per_replica?: boolean;
}

export interface Job extends ContainerSpec, WorkloadSpec {
  readonly name: string;
  readonly profiles?: readonly string[];
  readonly triggers?: {
    readonly manual?: boolean;
    readonly schedule?: readonly {
      readonly cron?: string;
      readonly timezone?: string;
      readonly concurrency?: string;
      readonly missed_fires?: string;
    }[];
  };
  readonly extensions: Extensions;
}

export interface Dependency {
  readonly condition: "service_started" | "service_healthy" | "service_completed_successfully";
  /** Restart the dependent service when this one is updated. */
  readonly restart?: boolean;
  /** False: a missing or failing dependency is only warned of. */
  readonly required: boolean;
}

export interface Healthcheck {
  /** Starts with NONE, CMD or CMD-SHELL. */
  readonly test?: readonly string[];
  readonly timeout?: Nanoseconds;
  readonly interval?: Nanoseconds;
  readonly retries?: number;
  readonly start_period?: Nanoseconds;
  readonly start_interval?: Nanoseconds;
  readonly disable?: boolean;
}

export interface Port {
  readonly name?: string;
  /** "ingress" or "host". */
  readonly mode?: string;
  readonly host_ip?: string;
  readonly target: number;
  /** Absent: the engine chooses. A range ("8000-8010"): the engine chooses inside it. */
  readonly published?: string;
  readonly protocol?: string;
  readonly app_protocol?: string;
}

export interface Provider {
  readonly type?: string;
  readonly options?: Readonly<Record<string, readonly string[]>>;
}

export interface Network {
  /** Name at the engine: project prefix included unless the file names it or it is external. */
  readonly name: string;
  readonly driver?: string;
  readonly driver_opts?: StringMap;
  readonly ipam?: {
    readonly driver?: string;
    readonly config?: readonly {
      readonly subnet?: string;
      readonly gateway?: string;
      readonly ip_range?: string;
      readonly aux_addresses?: StringMap;
    }[];
    readonly options?: StringMap;
  };
  readonly external?: boolean;
  readonly internal?: boolean;
  readonly attachable?: boolean;
  readonly labels?: StringMap;
  readonly enable_ipv4?: boolean;
  readonly enable_ipv6?: boolean;
  readonly extensions: Extensions;
}

export interface Volume {
  /** Name at the engine. */
  readonly name: string;
  readonly driver?: string;
  readonly driver_opts?: StringMap;
  readonly external?: boolean;
  readonly labels?: StringMap;
  readonly extensions: Extensions;
}

/** A secret or a config: exactly one of `file`, `environment`, `content`, `external` says where its bytes are. */
export interface FileObject {
  readonly name: string;
  /** Absolute path on this machine. */
  readonly file?: string;
  /** Name of a variable in `Project.environment`; its value is in `content` when the variable is set. */
  readonly environment?: string;
  readonly content?: string;
  readonly external?: boolean;
  readonly labels?: StringMap;
  readonly driver?: string;
  readonly driver_opts?: StringMap;
  readonly template_driver?: string;
  readonly extensions: Extensions;
}

export interface Model {
  readonly name?: string;
  readonly model?: string;
  readonly context_size?: number;
  readonly runtime_flags?: readonly string[];
  readonly extensions: Extensions;
}

export interface LoadOptions {
  /** `--file`, relative to `currentDirectory`; "-" is standard input. Absent: COMPOSE_FILE, then a search upward. */
  readonly files?: readonly string[];
  /** `--project-directory`. Absent: the first file's directory. */
  readonly projectDirectory?: string;
  /** `--project-name`. Absent: COMPOSE_PROJECT_NAME, `name:` of the files, the directory's name. */
  readonly projectName?: string;
  /** `--env-file`. Absent: COMPOSE_ENV_FILES, then .env of the project directory. */
  readonly envFiles?: readonly string[];
  /** `--profile`; none: COMPOSE_PROFILES. "*" is every profile. */
  readonly profiles?: readonly string[];
  /** The process's variables. */
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Absolute. */
  readonly currentDirectory: string;
  /** Text of standard input, for the file "-". */
  readonly readStandardInput?: () => Promise<string>;
  /** Brings Compose files of other places here. Absent: they are refused. */
  readonly fetchRemote?: FetchRemote;
  /** Told of what works but should be changed: unset variables, obsolete keys. */
  readonly warn?: (text: string) => void;
  /** All true by default; `config` has flags to turn them off one by one. */
  readonly interpolate?: boolean;
  readonly normalize?: boolean;
  readonly resolvePaths?: boolean;
  readonly checkConsistency?: boolean;
  /** Whether the files are checked against the specification. */
  readonly validate?: boolean;
  /** Whether `env_file` is read into `environment` and variables that are only named take their values. */
  readonly resolveEnvironment?: boolean;
}

/** @throws ComposeFileError what is wrong in a file and where; InvalidArgument, NotFound for options and files */
export type LoadProject = (options: LoadOptions) => Promise<Project>;

/** What `selectServices` does about services that are not named but depended on. */
export type Dependencies = "include" | "ignore" | "dependents";

/**
 * The project with only the named services, and theirs; none named means all. Profiles of a named service count as
 * active for it. What no service uses any more (networks, volumes, secrets, configs) is left out too.
 * @throws NotFound "no such service: NAME"
 */
export type SelectServices = (
  project: Project,
  names: readonly string[],
  dependencies: Dependencies,
) => Project;

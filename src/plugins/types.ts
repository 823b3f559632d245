/**
 * Plugins: programs that speak Docker's plugin protocol, a POST with JSON both ways on a socket of their own. A plugin
 * is found by its name, asked once what it is for ("activated"), and asked again when it has been away.
 */

import type { PluginAddress } from "./find-plugin.ts";

/** What a plugin says it is for, in the protocol's words. */
export type PluginKind = "VolumeDriver" | "authz" | "LogDriver" | "NetworkDriver";

/** The same in the configuration of a managed plugin: "docker.volumedriver/1.0". */
export function capabilityOf(kind: PluginKind): string {
  return kind.toLowerCase();
}

export interface CallOptions {
  readonly timeoutMs: number;
  /** How long a plugin is waited for while nobody listens; default as Docker does. 0: one try. */
  readonly patienceMs?: number;
}

/** Plugins that run in containers of the engine; they are looked for first. */
export interface ManagedSource {
  /** Names of the enabled ones for something. */
  namesOf(kind: PluginKind): string[];
  /**
   * Where an enabled one listens, without a socket while it is being started; undefined when none has this name.
   * @throws Conflict for one that is disabled; InvalidArgument for one that is for something else
   */
  find(name: string, kind: PluginKind): PluginAddress | undefined;
  /** The whole name of an installed one ("vieux/sshfs:latest"). */
  canonicalName(name: string): string | undefined;
  /** A directory it tells of, as the host has it. @throws InvalidArgument */
  hostPath(name: string, path: string): string;
}

export interface Plugins {
  /** Those found on the host that are of this kind and answered so far. */
  activeNames(kind: PluginKind): string[];
  /** All that may be of this kind. */
  installedNames(kind: PluginKind): string[];
  /** How a plugin is called that is known by several names: a managed one has a tag. */
  canonicalName(name: string): string;
  /** A directory a plugin tells of, as the host has it. @throws InvalidArgument where there is none */
  hostPath(name: string, path: string): string;
  /**
   * Activates the plugin where that was not done yet. While nobody listens it is tried again, with doubling pauses.
   * @param method "VolumeDriver.Mount"
   * @throws NotFound in Docker's words; InvalidArgument for a plugin of another kind; see `callPlugin`
   */
  call(
    plugin: { readonly name: string; readonly kind: PluginKind },
    method: string,
    body: unknown,
    options: CallOptions,
  ): Promise<Readonly<Record<string, unknown>>>;
  /** As the first step of `call`. */
  activate(name: string, kind: PluginKind): Promise<void>;
  /** Ends what waits for plugins. */
  close(): void;
}

/** Where a log plugin listens, and where pipes are made for it. */
export interface LogPluginPlace {
  readonly socket: string;
  /** Made where it is missing. */
  readonly directory: string;
  /** The same directory as the plugin has it. */
  readonly inside: string;
}

/** Whether requests of the API may pass; asks every plugin in order and stops at the first that denies. */
export interface Authorization {
  /** False: nobody needs to be asked. */
  readonly isOn: boolean;
  /** @throws PermissionDenied in Docker's words; Internal when a plugin cannot be asked */
  checkRequest(request: RequestFacts): Promise<void>;
  /** As `checkRequest`, for an answer that is ready to go out. */
  checkAnswer(request: RequestFacts, answer: AnswerFacts): Promise<void>;
}

export interface RequestFacts {
  /** CommonName of the client's certificate; "" where it showed none. */
  readonly user: string;
  /** PEM; what the client proved to be its own. */
  readonly certificate: string | undefined;
  readonly method: string;
  readonly uri: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined for streams, for credentials, and where there is none. */
  readonly body: Uint8Array | undefined;
}

export interface AnswerFacts {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** Undefined for streams and what is no JSON. */
  readonly body: Uint8Array | undefined;
}

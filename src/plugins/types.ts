/**
 * Plugins: programs that speak Docker's plugin protocol, a POST with JSON both ways on a socket of their own. A plugin
 * is found by its name, asked once what it is for ("activated"), and asked again when it has been away.
 */

/** What a plugin says it is for, in the protocol's words. */
export type PluginKind = "VolumeDriver" | "authz";

export interface CallOptions {
  readonly timeoutMs: number;
  /** How long a plugin is waited for while nobody listens; default as Docker does. 0: one try. */
  readonly patienceMs?: number;
}

export interface Plugins {
  /** Those of this kind that answered so far. */
  activeNames(kind: PluginKind): string[];
  /** All that say they are there, for whatever purpose. */
  installedNames(): string[];
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

import { encodeFilters, type Filters } from "#base/filters.ts";
import type { AuthConfig, AuthResponse } from "#spec/docker/auth.ts";
import type { SystemDataUsage } from "#spec/docker/disk-usage.ts";
import type { EventMessage } from "#spec/docker/events.ts";
import type { SystemInfo, SystemVersion } from "#spec/docker/system.ts";
import type { GarbageReport } from "#spec/gc.ts";
import { jsonLines } from "./json-lines.ts";
import type { Transport } from "./transport.ts";

export interface EventsOptions {
  /** Unix time in seconds, with a fraction. */
  readonly since?: string;
  readonly until?: string;
  readonly filters?: Filters;
  readonly signal?: AbortSignal;
}

/** An event with its time exact: as a number, nanoseconds since 1970 lose their last digits. */
export type EngineEvent = Omit<EventMessage, "timeNano"> & { readonly timeNano: bigint };

function parseEvent(line: string): EngineEvent {
  const exact = (key: string, value: unknown, context?: { readonly source?: string }) =>
    key === "timeNano" ? BigInt(context?.source ?? String(value)) : value;
  return JSON.parse(line, exact) as EngineEvent;
}

/** The calls that concern the engine as a whole. */
export class System {
  readonly #http: Transport;

  constructor(http: Transport) {
    this.#http = http;
  }

  async ping(): Promise<void> {
    await this.#http.call("GET", "/_ping");
  }

  version(): Promise<SystemVersion> {
    return this.#http.json("GET", "/version");
  }

  info(): Promise<SystemInfo> {
    return this.#http.json("GET", "/info");
  }

  dataUsage(): Promise<SystemDataUsage> {
    return this.#http.json("GET", "/system/df");
  }

  /** A wharf engine only. */
  collectGarbage(request: {
    readonly dryRun: boolean;
    readonly highThreshold?: number | undefined;
    readonly lowThreshold?: number | undefined;
    readonly minimumAge?: string | undefined;
  }): Promise<GarbageReport> {
    return this.#http.json("POST", "/system/gc", {
      query: {
        "dry-run": request.dryRun,
        "high-threshold": request.highThreshold,
        "low-threshold": request.lowThreshold,
        "minimum-age": request.minimumAge,
      },
    });
  }

  async *events(options: EventsOptions = {}): AsyncGenerator<EngineEvent> {
    yield* await this.openEvents(options);
  }

  /** Resolves when the engine has taken the question in, so that an event which follows cannot be missed. */
  async openEvents({ filters, signal, ...query }: EventsOptions = {}): Promise<AsyncGenerator<EngineEvent>> {
    const response = await this.#http.request("GET", "/events", {
      query: { ...query, filters: encodeFilters(filters ?? {}) },
      signal,
    });
    return jsonLines(response.pieces(), parseEvent);
  }

  /** @throws Unauthenticated when the registry refuses */
  auth(credentials: AuthConfig): Promise<AuthResponse> {
    return this.#http.json("POST", "/auth", { json: credentials });
  }

  pruneBuildCache(query: {
    readonly all?: boolean;
    readonly filters?: Filters;
  }): Promise<{ CachesDeleted: string[] | null; SpaceReclaimed: number }> {
    return this.#http.json("POST", "/build/prune", {
      query: { all: query.all, filters: encodeFilters(query.filters ?? {}) },
    });
  }
}

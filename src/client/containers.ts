import { Internal } from "#base/errors.ts";
import type { Filters } from "#base/filters.ts";
import { encodeFilters } from "#base/filters.ts";
import type { ContainerPathStat } from "#spec/docker/archive.ts";
import type {
  ContainerCreateRequest,
  ContainerCreateResponse,
  ContainerInspect,
  ContainerPruneResponse,
  ContainerSummary,
  ContainerTop,
  ContainerUpdateRequest,
  ContainerWaitResponse,
  FilesystemChange,
  PortMap,
} from "#spec/docker/containers.ts";
import type { HttpResponse, RequestBody } from "./connection.ts";
import { encodeName } from "./http-head.ts";
import { jsonLines } from "./json-lines.ts";
import type { Transport } from "./transport.ts";
import type { Channel } from "./types.ts";

export interface ListContainersOptions {
  readonly all?: boolean;
  readonly limit?: number;
  readonly size?: boolean;
  readonly filters?: Filters;
}

export interface AttachOptions {
  readonly stdin?: boolean;
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  /** Also what was written before. */
  readonly logs?: boolean;
  readonly detachKeys?: string;
  readonly signal?: AbortSignal;
}

export interface LogsOptions {
  readonly stdout?: boolean;
  readonly stderr?: boolean;
  readonly follow?: boolean;
  readonly timestamps?: boolean;
  readonly details?: boolean;
  /** Number of lines from the end, or "all". */
  readonly tail?: string;
  /** Unix time in seconds, with a fraction. */
  readonly since?: string;
  readonly until?: string;
  readonly signal?: AbortSignal;
}

export interface CopyToOptions {
  /** All files belong to the user the container runs as. */
  readonly copyUidGid: boolean;
  readonly signal?: AbortSignal;
}

export interface CommitOptions {
  /** Absent: the image gets no name. */
  readonly repository?: string;
  readonly tag?: string;
  readonly author: string;
  readonly comment: string;
  readonly changes: readonly string[];
  readonly pause: boolean;
}

export type WaitCondition = "not-running" | "next-exit" | "removed";

/** The container calls of the API. Names and ids are given as the user wrote them. */
export class Containers {
  readonly #http: Transport;

  constructor(http: Transport) {
    this.#http = http;
  }

  list({ filters, limit, ...query }: ListContainersOptions = {}): Promise<ContainerSummary[]> {
    return this.#http.json("GET", "/containers/json", {
      query: {
        ...query,
        limit: limit !== undefined && limit > 0 ? limit : undefined,
        filters: encodeFilters(filters ?? {}),
      },
    });
  }

  /** @throws NotFound when the image is not there: pull it and ask again */
  create(
    body: ContainerCreateRequest,
    options: { readonly name?: string; readonly platform?: string } = {},
  ): Promise<ContainerCreateResponse> {
    return this.#http.json("POST", "/containers/create", {
      query: { name: options.name, platform: options.platform },
      json: body,
    });
  }

  inspect(id: string): Promise<ContainerInspect> {
    return this.#http.json("GET", `${pathOf(id)}/json`);
  }

  /** The engine's own JSON text, for showing. */
  inspectText(id: string, options: { readonly size?: boolean } = {}): Promise<string> {
    return this.#http.text("GET", `${pathOf(id)}/json`, { query: { size: options.size } });
  }

  async start(
    id: string,
    options: {
      readonly detachKeys?: string;
      readonly checkpoint?: string;
      readonly checkpointDir?: string;
    } = {},
  ): Promise<void> {
    await this.#http.call("POST", `${pathOf(id)}/start`, {
      query: {
        detachKeys: options.detachKeys,
        checkpoint: options.checkpoint,
        "checkpoint-dir": options.checkpointDir,
      },
    });
  }

  async createCheckpoint(
    id: string,
    options: { readonly name: string; readonly directory: string; readonly exit: boolean },
  ): Promise<void> {
    const body = { CheckpointID: options.name, CheckpointDir: options.directory, Exit: options.exit };
    await this.#http.call("POST", `${pathOf(id)}/checkpoints`, { json: body });
  }

  async listCheckpoints(id: string, directory: string): Promise<{ readonly Name: string }[]> {
    return (
      (await this.#http.json("GET", `${pathOf(id)}/checkpoints`, {
        query: { dir: directory || undefined },
      })) ?? []
    );
  }

  async removeCheckpoint(id: string, name: string, directory: string): Promise<void> {
    const path = `${pathOf(id)}/checkpoints/${encodeURIComponent(name)}`;
    await this.#http.call("DELETE", path, { query: { dir: directory || undefined } });
  }

  async stop(
    id: string,
    options: { readonly signal?: string; readonly timeoutSeconds?: number } = {},
  ): Promise<void> {
    await this.#http.call("POST", `${pathOf(id)}/stop`, {
      query: { signal: options.signal, t: options.timeoutSeconds },
    });
  }

  async restart(
    id: string,
    options: { readonly signal?: string; readonly timeoutSeconds?: number } = {},
  ): Promise<void> {
    await this.#http.call("POST", `${pathOf(id)}/restart`, {
      query: { signal: options.signal, t: options.timeoutSeconds },
    });
  }

  async kill(id: string, signal?: string): Promise<void> {
    await this.#http.call("POST", `${pathOf(id)}/kill`, { query: { signal } });
  }

  async pause(id: string): Promise<void> {
    await this.#http.call("POST", `${pathOf(id)}/pause`);
  }

  async unpause(id: string): Promise<void> {
    await this.#http.call("POST", `${pathOf(id)}/unpause`);
  }

  async rename(id: string, name: string): Promise<void> {
    await this.#http.call("POST", `${pathOf(id)}/rename`, { query: { name } });
  }

  async remove(
    id: string,
    options: { readonly force?: boolean; readonly volumes?: boolean; readonly link?: boolean } = {},
  ): Promise<void> {
    await this.#http.call("DELETE", pathOf(id), {
      query: { force: options.force, v: options.volumes, link: options.link },
    });
  }

  update(id: string, body: ContainerUpdateRequest): Promise<{ Warnings: string[] | null }> {
    return this.#http.json("POST", `${pathOf(id)}/update`, { json: body });
  }

  /** An extension of wharf's: publishes and withdraws ports. @returns what is published now; none while it does not run */
  publish(
    id: string,
    change: { readonly Add?: PortMap; readonly Remove?: PortMap },
  ): Promise<{ readonly Ports: PortMap }> {
    return this.#http.json("POST", `/wharf${pathOf(id)}/ports`, { json: change });
  }

  /**
   * Asks to be told when the condition holds. The promise resolves when the engine has taken the question in, so that a
   * start which follows cannot be missed; its `result` is the answer.
   */
  async wait(
    id: string,
    condition: WaitCondition,
  ): Promise<{ readonly result: Promise<ContainerWaitResponse> }> {
    const response = await this.#http.request("POST", `${pathOf(id)}/wait`, { query: { condition } });
    return { result: response.text().then((text) => JSON.parse(text) as ContainerWaitResponse) };
  }

  /** Raw when the container has a terminal, else in frames. */
  attach(id: string, { signal, ...options }: AttachOptions): Promise<Channel> {
    return this.#http.hijack("POST", `${pathOf(id)}/attach`, { query: { stream: true, ...options }, signal });
  }

  /** @param size in character cells */
  async resize(id: string, size: { readonly height: number; readonly width: number }): Promise<void> {
    await this.#http.call("POST", `${pathOf(id)}/resize`, { query: { h: size.height, w: size.width } });
  }

  /** The body is raw when the container has a terminal, else in frames. */
  logs(id: string, { signal, ...query }: LogsOptions): Promise<HttpResponse> {
    return this.#http.request("GET", `${pathOf(id)}/logs`, { query: { ...query }, signal });
  }

  top(id: string, psArguments: string): Promise<ContainerTop> {
    return this.#http.json("GET", `${pathOf(id)}/top`, { query: { ps_args: psArguments } });
  }

  changes(id: string): Promise<FilesystemChange[] | null> {
    return this.#http.json("GET", `${pathOf(id)}/changes`);
  }

  /** @throws NotFound */
  async statPath(id: string, path: string): Promise<ContainerPathStat> {
    const response = await this.#http.request("HEAD", `${pathOf(id)}/archive`, { query: { path } });
    await response.bytes();
    return decodePathStat(response);
  }

  /** The body is a tar archive. @throws NotFound */
  async copyFrom(
    id: string,
    path: string,
  ): Promise<{ readonly stat: ContainerPathStat; readonly archive: HttpResponse }> {
    const archive = await this.#http.request("GET", `${pathOf(id)}/archive`, { query: { path } });
    return { stat: decodePathStat(archive), archive };
  }

  /** @param path of a directory in the container */
  async copyTo(id: string, path: string, archive: RequestBody, options: CopyToOptions): Promise<void> {
    const { copyUidGid, signal } = options;
    await this.#http.call("PUT", `${pathOf(id)}/archive`, {
      query: { path, noOverwriteDirNonDir: true, copyUIDGID: copyUidGid },
      body: archive,
      contentType: "application/x-tar",
      signal,
    });
  }

  /** The body is a tar archive of the root file system. */
  export(id: string): Promise<HttpResponse> {
    return this.#http.request("GET", `${pathOf(id)}/export`);
  }

  /** @returns the new image's id */
  async commit(id: string, options: CommitOptions): Promise<string> {
    const { repository, ...query } = options;
    const { Id } = await this.#http.json<{ readonly Id: string }>("POST", "/commit", {
      query: { container: id, repo: repository, ...query },
    });
    return Id;
  }

  /** One sample after the other; with `stream` false only one. */
  async *stats(
    id: string,
    options: { readonly stream: boolean; readonly oneShot?: boolean; readonly signal?: AbortSignal },
  ): AsyncGenerator<unknown> {
    const response = await this.#http.request("GET", `${pathOf(id)}/stats`, {
      query: { stream: options.stream ? "1" : "0", "one-shot": options.oneShot },
      signal: options.signal,
    });
    yield* jsonLines(response.pieces());
  }

  /** One sample of each, or of all that run; null for what was removed meanwhile. Only wharf knows: others answer NotFound. */
  statsOfMany(names: readonly string[], all: boolean): Promise<(unknown | null)[]> {
    return this.#http.json("GET", "/wharf/stats", { query: { name: names, all } });
  }

  prune(filters: Filters): Promise<ContainerPruneResponse> {
    return this.#http.json("POST", "/containers/prune", { query: { filters: encodeFilters(filters) } });
  }
}

function pathOf(name: string): string {
  return `/containers/${encodeName(name)}`;
}

function decodePathStat({ headers }: HttpResponse): ContainerPathStat {
  const text = headers["x-docker-container-path-stat"];
  if (text === undefined) throw new Internal("the engine did not tell of the file");
  return JSON.parse(Buffer.from(text, "base64").toString("utf8")) as ContainerPathStat;
}

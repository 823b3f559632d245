import { encodeFilters, type Filters } from "#base/filters.ts";
import type {
  ImageDeleteItem,
  ImageHistoryItem,
  ImageInspect,
  ImagePruneResponse,
  ImageSearchItem,
  ImageSummary,
  ProgressLine,
} from "#spec/docker/images.ts";
import type { Descriptor } from "#spec/oci/manifest.ts";
import type { HttpResponse, RequestBody } from "./connection.ts";
import { encodeName } from "./http-head.ts";
import { jsonLines } from "./json-lines.ts";
import type { Transport } from "./transport.ts";

export interface ListImagesOptions {
  readonly all?: boolean;
  readonly digests?: boolean;
  /** Also the manifests of each, for several platforms perhaps. */
  readonly manifests?: boolean;
  readonly filters?: Filters;
}

export interface PullOptions {
  /** Without tag: "docker.io/library/debian". */
  readonly name: string;
  /** Tag or digest; empty asks for all tags. */
  readonly tag: string;
  readonly platform?: string;
  /** Value of the X-Registry-Auth header. */
  readonly registryAuth: string;
  readonly signal?: AbortSignal;
}

export interface PushOptions {
  /** Without tag. */
  readonly name: string;
  /** Empty sends all tags. */
  readonly tag: string;
  /** An OCI platform as JSON. */
  readonly platform?: string;
  readonly compression?: string;
  /** Value of the X-Registry-Auth header. */
  readonly registryAuth: string;
  readonly signal?: AbortSignal;
}

export interface SearchOptions {
  readonly term: string;
  /** 0: as many as the engine likes. */
  readonly limit?: number;
  readonly filters?: Filters;
  /** Value of the X-Registry-Auth header. */
  readonly registryAuth: string;
}

export interface ImportOptions {
  /** Read by the engine itself when it is a URL; "-" means `body`. */
  readonly source: string;
  readonly body?: RequestBody;
  readonly repository?: string;
  readonly tag?: string;
  readonly message?: string;
  readonly changes?: readonly string[];
  readonly platform?: string;
}

/** The image calls of the API. */
export class Images {
  readonly #http: Transport;

  constructor(http: Transport) {
    this.#http = http;
  }

  list({ filters, ...query }: ListImagesOptions = {}): Promise<ImageSummary[]> {
    return this.#http.json("GET", "/images/json", {
      query: { ...query, filters: encodeFilters(filters ?? {}) },
    });
  }

  /** @param options `manifests` asks for those of each platform too; engines that do not know them leave them out */
  inspect(
    name: string,
    options: { readonly manifests?: boolean; readonly platform?: string } = {},
  ): Promise<ImageInspect> {
    return this.#http.json("GET", `${pathOf(name)}/json`, { query: { ...options } });
  }

  inspectText(name: string, options: { readonly platform?: string } = {}): Promise<string> {
    return this.#http.text("GET", `${pathOf(name)}/json`, { query: { platform: options.platform } });
  }

  history(name: string, options: { readonly platform?: string } = {}): Promise<ImageHistoryItem[]> {
    return this.#http.json("GET", `${pathOf(name)}/history`, { query: { platform: options.platform } });
  }

  async *pull(options: PullOptions): AsyncGenerator<ProgressLine> {
    const response = await this.#http.request("POST", "/images/create", {
      query: { fromImage: options.name, tag: options.tag, platform: options.platform },
      headers: { "X-Registry-Auth": options.registryAuth },
      signal: options.signal,
    });
    yield* jsonLines<ProgressLine>(response.pieces());
  }

  async *push({ name, registryAuth, signal, ...query }: PushOptions): AsyncGenerator<ProgressLine> {
    const headers = { "X-Registry-Auth": registryAuth };
    const response = await this.#http.request("POST", `${pathOf(name)}/push`, { query, headers, signal });
    yield* jsonLines<ProgressLine>(response.pieces());
  }

  search({ filters, registryAuth, ...query }: SearchOptions): Promise<ImageSearchItem[]> {
    return this.#http.json("GET", "/images/search", {
      query: { ...query, filters: encodeFilters(filters ?? {}) },
      headers: { "X-Registry-Auth": registryAuth },
    });
  }

  /** What a name points at. Only wharf knows: others answer NotFound. */
  target(name: string): Promise<Descriptor> {
    return this.#http.json("GET", `/wharf/images/${encodeName(name)}/target`);
  }

  /** Those of these digests whose content the engine does not have. Only wharf knows. */
  async missingContent(digests: readonly string[]): Promise<string[]> {
    const answer = await this.#http.json<{ missing: string[] }>("POST", "/wharf/content/missing", {
      json: { digests },
    });
    return answer.missing;
  }

  /** The body is the content from `offset` on. Only wharf knows. */
  content(digest: string, offset: number, signal?: AbortSignal): Promise<HttpResponse> {
    return this.#http.request("GET", `/wharf/content/${digest}`, { query: { offset }, signal });
  }

  async *import(options: ImportOptions): AsyncGenerator<ProgressLine> {
    const response = await this.#http.request("POST", "/images/create", {
      query: {
        fromSrc: options.source,
        repo: options.repository,
        tag: options.tag,
        message: options.message,
        changes: options.changes,
        platform: options.platform,
      },
      ...(options.body ? { body: options.body, contentType: "application/x-tar" } : {}),
    });
    yield* jsonLines<ProgressLine>(response.pieces());
  }

  async *load(
    body: RequestBody,
    options: { readonly quiet?: boolean; readonly platforms?: readonly string[] } = {},
  ): AsyncGenerator<ProgressLine> {
    const response = await this.#http.request("POST", "/images/load", {
      query: { quiet: options.quiet, platform: options.platforms },
      body,
      contentType: "application/x-tar",
    });
    yield* jsonLines<ProgressLine>(response.pieces());
  }

  /** The body is a tar archive. */
  save(
    names: readonly string[],
    options: { readonly platforms?: readonly string[] } = {},
  ): Promise<HttpResponse> {
    return this.#http.request("GET", "/images/get", { query: { names, platform: options.platforms } });
  }

  async tag(source: string, repository: string, tag: string): Promise<void> {
    await this.#http.call("POST", `${pathOf(source)}/tag`, { query: { repo: repository, tag } });
  }

  async pin(name: string): Promise<void> {
    await this.#http.call("POST", `${pathOf(name)}/pin`);
  }

  async unpin(name: string): Promise<void> {
    await this.#http.call("POST", `${pathOf(name)}/unpin`);
  }

  remove(
    name: string,
    options: {
      readonly force?: boolean;
      readonly noPrune?: boolean;
      readonly platforms?: readonly string[];
    } = {},
  ): Promise<ImageDeleteItem[]> {
    return this.#http.json("DELETE", pathOf(name), {
      query: { force: options.force, noprune: options.noPrune, platforms: options.platforms },
    });
  }

  prune(filters: Filters): Promise<ImagePruneResponse> {
    return this.#http.json("POST", "/images/prune", { query: { filters: encodeFilters(filters) } });
  }
}

function pathOf(name: string): string {
  return `/images/${encodeName(name)}`;
}

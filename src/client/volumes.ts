import { encodeFilters, type Filters } from "#base/filters.ts";
import type {
  Volume,
  VolumeCreateRequest,
  VolumeListResponse,
  VolumePruneResponse,
} from "#spec/docker/volumes.ts";
import type { HttpResponse, RequestBody } from "./connection.ts";
import { encodeName } from "./http-head.ts";
import type { Transport } from "./transport.ts";

/** The volume calls of the API. */
export class Volumes {
  readonly #http: Transport;

  constructor(http: Transport) {
    this.#http = http;
  }

  /** @param options.size measures them: only our engine does */
  list(filters: Filters = {}, options: { readonly size?: boolean } = {}): Promise<VolumeListResponse> {
    return this.#http.json("GET", "/volumes", {
      query: { filters: encodeFilters(filters), size: options.size },
    });
  }

  inspectText(name: string, options: { readonly size?: boolean } = {}): Promise<string> {
    return this.#http.text("GET", pathOf(name), { query: { size: options.size } });
  }

  create(body: VolumeCreateRequest): Promise<Volume> {
    return this.#http.json("POST", "/volumes/create", { json: body });
  }

  async remove(name: string, options: { readonly force?: boolean } = {}): Promise<void> {
    await this.#http.call("DELETE", pathOf(name), { query: { force: options.force } });
  }

  prune(filters: Filters): Promise<VolumePruneResponse> {
    return this.#http.json("POST", "/volumes/prune", { query: { filters: encodeFilters(filters) } });
  }

  rename(name: string, to: string): Promise<Volume> {
    return this.#http.json("POST", `/wharf${pathOf(name)}/rename`, { query: { name: to } });
  }

  clone(name: string, to: string, options: VolumeCopyOptions): Promise<Volume> {
    return this.#http.json("POST", `/wharf${pathOf(name)}/clone`, { query: { name: to, ...options } });
  }

  /** @param to absent: the engine's choice */
  snapshot(name: string, to: string | undefined, options: VolumeCopyOptions): Promise<Volume> {
    return this.#http.json("POST", `/wharf${pathOf(name)}/snapshot`, { query: { name: to, ...options } });
  }

  export(name: string, options: Pick<VolumeCopyOptions, "live">): Promise<HttpResponse> {
    return this.#http.request("GET", `/wharf${pathOf(name)}/archive`, { query: { ...options } });
  }

  async import(
    name: string,
    archive: RequestBody,
    options: Pick<VolumeCopyOptions, "label">,
  ): Promise<Volume> {
    const path = `/wharf${pathOf(name)}/archive`;
    const request = { query: { ...options }, body: archive, contentType: "application/x-tar" };
    const response = await this.#http.request("POST", path, request);
    return JSON.parse(await response.text()) as Volume;
  }
}

export interface VolumeCopyOptions {
  /** The containers that use it go on meanwhile, instead of standing still. */
  readonly live?: boolean;
  /** "NAME=VALUE" */
  readonly label?: readonly string[];
}

function pathOf(name: string): string {
  return `/volumes/${encodeName(name)}`;
}

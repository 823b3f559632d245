import { encodeFilters, type Filters } from "#base/filters.ts";
import type {
  Volume,
  VolumeCreateRequest,
  VolumeListResponse,
  VolumePruneResponse,
} from "#spec/docker/volumes.ts";
import { encodeName } from "./http-head.ts";
import type { Transport } from "./transport.ts";

/** The volume calls of the API. */
export class Volumes {
  readonly #http: Transport;

  constructor(http: Transport) {
    this.#http = http;
  }

  list(filters: Filters = {}): Promise<VolumeListResponse> {
    return this.#http.json("GET", "/volumes", { query: { filters: encodeFilters(filters) } });
  }

  inspectText(name: string): Promise<string> {
    return this.#http.text("GET", pathOf(name));
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
}

function pathOf(name: string): string {
  return `/volumes/${encodeName(name)}`;
}

import { encodeFilters, type Filters } from "#base/filters.ts";
import type { ProgressLine } from "#spec/docker/images.ts";
import type { PluginObject, PluginPrivilege } from "#spec/docker/plugins.ts";
import type { RequestBody } from "./connection.ts";
import { encodeName } from "./http-head.ts";
import { jsonLines } from "./json-lines.ts";
import type { Transport } from "./transport.ts";

export interface RemotePluginOptions {
  readonly remote: string;
  /** Value of the X-Registry-Auth header. */
  readonly registryAuth: string;
}

/** The plugin calls of the API. */
export class Plugins {
  readonly #http: Transport;

  constructor(http: Transport) {
    this.#http = http;
  }

  list(filters: Filters = {}): Promise<PluginObject[]> {
    return this.#http.json("GET", "/plugins", { query: { filters: encodeFilters(filters) } });
  }

  inspect(name: string): Promise<PluginObject> {
    return this.#http.json("GET", `${pathOf(name)}/json`);
  }

  inspectText(name: string): Promise<string> {
    return this.#http.text("GET", `${pathOf(name)}/json`);
  }

  privileges({ remote, registryAuth }: RemotePluginOptions): Promise<PluginPrivilege[]> {
    const headers = { "X-Registry-Auth": registryAuth };
    return this.#http.json("GET", "/plugins/privileges", { query: { remote }, headers });
  }

  /** @param name what it will be called here; absent: as there */
  async *pull(
    options: RemotePluginOptions & { readonly name: string | undefined },
    granted: readonly PluginPrivilege[],
  ): AsyncGenerator<ProgressLine> {
    const { name, remote, registryAuth } = options;
    yield* this.#bring("/plugins/pull", { remote, name }, { registryAuth, granted });
  }

  async *upgrade(
    name: string,
    { remote, registryAuth }: RemotePluginOptions,
    granted: readonly PluginPrivilege[],
  ): AsyncGenerator<ProgressLine> {
    yield* this.#bring(`${pathOf(name)}/upgrade`, { remote }, { registryAuth, granted });
  }

  async *#bring(
    path: string,
    query: Record<string, string | undefined>,
    {
      registryAuth,
      granted,
    }: { readonly registryAuth: string; readonly granted: readonly PluginPrivilege[] },
  ): AsyncGenerator<ProgressLine> {
    const headers = { "X-Registry-Auth": registryAuth };
    const response = await this.#http.request("POST", path, { query, headers, json: granted });
    yield* jsonLines<ProgressLine>(response.pieces());
  }

  /** @param archive tar of `config.json` and `rootfs/` */
  async create(name: string, archive: RequestBody): Promise<void> {
    const request = { query: { name }, body: archive, contentType: "application/x-tar" };
    await this.#http.call("POST", "/plugins/create", request);
  }

  async *push(name: string, registryAuth: string): AsyncGenerator<ProgressLine> {
    const headers = { "X-Registry-Auth": registryAuth };
    const response = await this.#http.request("POST", `${pathOf(name)}/push`, { headers });
    yield* jsonLines<ProgressLine>(response.pieces());
  }

  async enable(name: string, timeoutSeconds: number): Promise<void> {
    await this.#http.call("POST", `${pathOf(name)}/enable`, { query: { timeout: timeoutSeconds } });
  }

  async disable(name: string, options: { readonly force: boolean }): Promise<void> {
    await this.#http.call("POST", `${pathOf(name)}/disable`, { query: { ...options } });
  }

  async remove(name: string, options: { readonly force: boolean }): Promise<void> {
    await this.#http.call("DELETE", pathOf(name), { query: { ...options } });
  }

  async set(name: string, changes: readonly string[]): Promise<void> {
    await this.#http.call("POST", `${pathOf(name)}/set`, { json: changes });
  }
}

function pathOf(name: string): string {
  return `/plugins/${encodeName(name)}`;
}

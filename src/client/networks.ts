import { encodeFilters, type Filters } from "#base/filters.ts";
import type {
  EndpointSettings,
  NetworkCreateRequest,
  NetworkCreateResponse,
  NetworkInspect,
} from "#spec/docker/networks.ts";
import type { RuleList } from "#spec/network-rules.ts";
import { encodeName } from "./http-head.ts";
import type { Transport } from "./transport.ts";

/** The network calls of the API. */
export class Networks {
  readonly #http: Transport;

  constructor(http: Transport) {
    this.#http = http;
  }

  list(filters: Filters = {}): Promise<NetworkInspect[]> {
    return this.#http.json("GET", "/networks", { query: { filters: encodeFilters(filters) } });
  }

  inspectText(
    name: string,
    options: { readonly verbose?: boolean; readonly scope?: string } = {},
  ): Promise<string> {
    return this.#http.text("GET", pathOf(name), {
      query: { verbose: options.verbose, scope: options.scope },
    });
  }

  /** An extension of wharf's: the firewall in words. */
  rules(): Promise<RuleList> {
    return this.#http.json("GET", "/wharf/network/rules");
  }

  /** As nft prints it. */
  async rulesText(): Promise<string> {
    const { text } = await this.#http.json<{ text: string }>("GET", "/wharf/network/rules", {
      query: { raw: true },
    });
    return text;
  }

  create(body: NetworkCreateRequest): Promise<NetworkCreateResponse> {
    return this.#http.json("POST", "/networks/create", { json: body });
  }

  async remove(name: string): Promise<void> {
    await this.#http.call("DELETE", pathOf(name));
  }

  async connect(name: string, container: string, endpoint: EndpointSettings): Promise<void> {
    await this.#http.call("POST", `${pathOf(name)}/connect`, {
      json: { Container: container, EndpointConfig: endpoint },
    });
  }

  async disconnect(
    name: string,
    container: string,
    options: { readonly force?: boolean } = {},
  ): Promise<void> {
    await this.#http.call("POST", `${pathOf(name)}/disconnect`, {
      json: { Container: container, Force: options.force ?? false },
    });
  }

  prune(filters: Filters): Promise<{ NetworksDeleted: string[] | null }> {
    return this.#http.json("POST", "/networks/prune", { query: { filters: encodeFilters(filters) } });
  }
}

function pathOf(name: string): string {
  return `/networks/${encodeName(name)}`;
}

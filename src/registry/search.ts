import { Internal, InvalidArgument, messageOf } from "#base/errors.ts";
import type { ImageSearchItem } from "#spec/docker/images.ts";
import { basicAuthorization, type Credentials } from "./credentials.ts";
import { endpointsOf } from "./endpoint.ts";
import { Unreachable } from "./network-failure.ts";
import type { Transport } from "./transport.ts";

export interface SearchRequest {
  /** "busybox", "registry.example:5000/team/app" */
  readonly term: string;
  /** Results at most. */
  readonly limit: number;
  readonly credentials: Credentials;
  readonly signal?: AbortSignal;
}

/** Docker Hub's index is no registry: it answers under a name of its own. */
const HUB_INDEX = "index.docker.io";
const MAX_ANSWER_BYTES = 8 << 20;

/**
 * Asks the index of a registry, by the first version of the protocol, which is the only one that can search.
 * @throws InvalidArgument for a term with a scheme; Unreachable; Internal "Unexpected status code 404"
 */
export async function searchIndex(
  transport: Pick<Transport, "send" | "policyOf">,
  request: SearchRequest,
): Promise<ImageSearchItem[]> {
  const { host, name } = splitTerm(request.term);
  const base = host === HUB_INDEX ? new URL(`https://${host}`) : await findIndex(transport, host, request);
  const url = new URL("/v1/search", base);
  url.searchParams.set("q", name);
  url.searchParams.set("n", String(request.limit));
  const { credentials, signal } = request;
  const authorization =
    credentials.kind === "password"
      ? basicAuthorization(credentials.username, credentials.password)
      : undefined;
  using response = await transport.send({ method: "GET", url, authorization, signal });
  if (response.status !== 200) throw new Internal(`Unexpected status code ${response.status}`);
  return readResults(await response.bytes(MAX_ANSWER_BYTES, "search results"));
}

/** The first part is a host when it could not be a user of Docker Hub. */
export function splitTerm(term: string): { readonly host: string; readonly name: string } {
  if (term.includes("://"))
    throw new InvalidArgument(`invalid repository name: repository name (${term}) should not have a scheme`);
  const slash = term.indexOf("/");
  const first = term.slice(0, Math.max(slash, 0));
  const isHost = slash > 0 && (/[.:]/.test(first) || first === "localhost");
  const host = isHost && !["docker.io", HUB_INDEX].includes(first) ? first : HUB_INDEX;
  const rest = isHost ? term.slice(slash + 1) : term;
  return { host, name: host === HUB_INDEX ? rest.replace(/^library\//, "") : rest };
}

/** Whichever address answers at all; one that may be insecure is asked with TLS first. */
async function findIndex(
  transport: Pick<Transport, "send" | "policyOf">,
  host: string,
  { signal }: SearchRequest,
): Promise<URL> {
  const failures: string[] = [];
  const urls = endpointsOf(host, await transport.policyOf(host));
  for (const url of urls) {
    try {
      using _answer = await transport.send({ method: "GET", url: new URL("/v1/_ping", url), signal });
      return url;
    } catch (error) {
      if (!(error instanceof Unreachable)) throw error;
      failures.push(`${url.protocol === "https:" ? "HTTPS" : "HTTP"} attempt: ${messageOf(error)}`);
    }
  }
  const endpoint = `${urls.at(-1)!.origin}/v1/`;
  const more = failures.length > 1 ? failures.join(". ") : failures[0]!.replace(/^HTTPS attempt: /, "");
  throw new Unreachable(
    failures.length > 1
      ? `invalid registry endpoint "${endpoint}". ${more}`
      : `invalid registry endpoint ${endpoint}: ${more}`,
    "other",
  );
}

/** Pure: the answer of an index. @throws Internal */
export function readResults(body: Uint8Array): ImageSearchItem[] {
  let results: unknown;
  try {
    results = (JSON.parse(Buffer.from(body).toString("utf8")) as { results?: unknown } | null)?.results;
  } catch (error) {
    throw new Internal("the index's answer to the search is no JSON", { cause: error });
  }
  if (results === null || results === undefined) return [];
  if (!Array.isArray(results)) throw new Internal("the index's answer to the search has no list of results");
  return results.map((item: Partial<Record<keyof ImageSearchItem, unknown>> | null) => ({
    star_count: Number(item?.star_count) || 0,
    is_official: item?.is_official === true,
    name: String(item?.name ?? ""),
    is_automated: item?.is_automated === true,
    description: String(item?.description ?? ""),
  }));
}

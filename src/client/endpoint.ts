import { InvalidArgument } from "#base/errors.ts";
import type { Endpoint, TlsMaterial } from "./types.ts";

export const DEFAULT_ENDPOINT = "unix:///run/wharf/wharf.sock";

const PLAIN_PORT = 2375;
const TLS_PORT = 2376;

/**
 * Reads `-H`, `DOCKER_HOST` or a context's host: "unix:///path", "tcp://host:port", "ssh://user@host" or "host:port".
 * @param tls used for tcp addresses; "https://…" uses TLS without being told
 * @throws InvalidArgument when the text is no address
 */
export function parseEndpoint(text: string, tls?: TlsMaterial): Endpoint {
  const [, scheme = "tcp", rest = ""] = /^(?:([a-z]+):\/\/)?(.*)$/s.exec(text)!;
  switch (scheme) {
    case "unix":
      return { scheme, path: rest || invalid(text) };
    case "ssh":
      return parseSsh(text);
    case "tcp":
    case "http":
    case "https":
      return parseTcp(text, rest, scheme === "https" ? (tls ?? { verify: true }) : tls);
    default:
      throw new InvalidArgument(
        `unable to parse docker host \`${text}\`: protocol ${scheme} is not supported`,
      );
  }
}

function parseTcp(text: string, rest: string, tls: TlsMaterial | undefined): Endpoint {
  const match = /^(\[[^\]]+\]|[^:/[\]]+)?(?::(\d+))?(\/.*)?$/.exec(rest);
  if (!match || !rest) return invalid(text);
  const [, host = "127.0.0.1", port, basePath = ""] = match;
  return {
    scheme: "tcp",
    host: host.replace(/^\[|\]$/g, ""),
    port: port === undefined ? (tls ? TLS_PORT : PLAIN_PORT) : Number(port),
    basePath: basePath.replace(/\/+$/, ""),
    ...(tls ? { tls } : {}),
  };
}

function parseSsh(text: string): Endpoint {
  const match = /^ssh:\/\/(?:([^@/:]+)@)?(\[[^\]]+\]|[^:/@[\]]+)(?::(\d+))?(\/.*)?$/.exec(text);
  if (!match) return invalid(text);
  const [, user, host, port, path] = match;
  if (host!.startsWith("-") || user?.startsWith("-")) return invalid(text); // ssh would take it for an option
  return {
    scheme: "ssh",
    host: host!.replace(/^\[|\]$/g, ""),
    ...(user ? { user } : {}),
    ...(port ? { port: Number(port) } : {}),
    ...(path && path !== "/" ? { path } : {}),
  };
}

function invalid(text: string): never {
  throw new InvalidArgument(`unable to parse docker host \`${text}\``);
}

/** The value of the Host header. */
export function hostHeader(endpoint: Endpoint): string {
  if (endpoint.scheme !== "tcp") return "wharf";
  const host = endpoint.host.includes(":") ? `[${endpoint.host}]` : endpoint.host;
  return `${host}:${endpoint.port}`;
}

/** The address as people write it, for messages. */
export function endpointText(endpoint: Endpoint): string {
  switch (endpoint.scheme) {
    case "unix":
      return `unix://${endpoint.path}`;
    case "tcp":
      return `tcp://${hostHeader(endpoint)}${endpoint.basePath}`;
    case "ssh":
      return `ssh://${endpoint.user ? `${endpoint.user}@` : ""}${endpoint.host}${endpoint.port ? `:${endpoint.port}` : ""}${endpoint.path ?? ""}`;
  }
}

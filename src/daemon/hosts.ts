import { InvalidArgument } from "#base/errors.ts";
import type { DaemonConfig, HostAddress } from "./types.ts";

const TCP_PORT = 2375;
const TLS_PORT = 2376;

/**
 * One `-H` as Docker reads it: "unix:///path", "tcp://host:port", "fd://", or a bare "host:port".
 * @param options.defaultSocket for "unix://" without a path
 * @throws InvalidArgument
 */
export function parseHost(
  text: string,
  options: { readonly defaultSocket: string; readonly hasTls: boolean },
): HostAddress {
  const [, scheme = "tcp", rest = ""] = /^(?:([a-z]+):\/\/)?(.*)$/s.exec(text.trim())!;
  switch (scheme) {
    case "unix":
      return unixAddress(rest || options.defaultSocket, text);
    case "fd":
      return { kind: "fd", name: rest };
    case "tcp":
      return tcpAddress(rest, text, options.hasTls);
    default:
      throw invalidHost(text);
  }
}

function unixAddress(path: string, text: string): HostAddress {
  if (!path.startsWith("/") || Buffer.byteLength(path) > 107) throw invalidHost(text);
  return { kind: "unix", path };
}

function tcpAddress(rest: string, text: string, hasTls: boolean): HostAddress {
  const parts = /^(\[[\da-fA-F:.]+\]|[\w.-]*)(?::(\d{1,5}))?\/?$/.exec(rest);
  if (!parts || (parts[1] === "" && parts[2] === undefined && text !== "tcp://")) throw invalidHost(text);
  const host = parts[1]!.replace(/^\[|\]$/g, "") || "127.0.0.1";
  const port = parts[2] === undefined ? (hasTls ? TLS_PORT : TCP_PORT) : Number(parts[2]);
  if (port > 65535) throw invalidHost(text);
  return { kind: "tcp", host, port };
}

function invalidHost(text: string): InvalidArgument {
  return new InvalidArgument(`invalid bind address format: ${text}`, {
    hint: "write unix:///path, tcp://host:port or fd://",
  });
}

/** TCP ports where whoever reaches them is root. */
export function keylessPorts({ hosts, tls }: Pick<DaemonConfig, "hosts" | "tls">): number[] {
  if (tls?.clientCa !== undefined) return [];
  return [...new Set(hosts.flatMap((host) => (host.kind === "tcp" ? [host.port] : [])))];
}

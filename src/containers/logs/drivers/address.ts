import { existsSync } from "node:fs";
import { InvalidArgument } from "#base/errors.ts";

/** Where a driver sends. */
export type LogAddress =
  | { readonly scheme: "unix" | "unixgram"; readonly path: string }
  | { readonly scheme: "tcp" | "tcp+tls" | "udp"; readonly host: string; readonly port: number };

/** The host and port of "host:port", "[::1]:514" or "host". @throws InvalidArgument */
export function splitHostPort(text: string, defaultPort: number | undefined): { host: string; port: number } {
  const match = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(text);
  if (!match) throw new InvalidArgument(`address ${text}: too many colons in address`);
  const [, bracketed, plain, portText] = match;
  const port = portText ? Number(portText) : defaultPort;
  if (port === undefined) throw new InvalidArgument(`address ${text}: missing port in address`);
  if (port < 1 || port > 65535) throw new InvalidArgument(`dial tcp: address ${port}: invalid port`);
  return { host: bracketed ?? plain ?? "", port };
}

/** Docker looks when a container is created, too. */
export function checkSocketExists(path: string): void {
  if (!existsSync(path)) throw new InvalidArgument(`stat ${path}: no such file or directory`);
}

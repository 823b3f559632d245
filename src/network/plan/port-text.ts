import type { PublishedPort } from "../types.ts";

/** "0.0.0.0:8080", "[::]:8080". */
export function hostSide({ hostAddress, hostPort }: Pick<PublishedPort, "hostAddress" | "hostPort">): string {
  return hostAddress.includes(":") ? `[${hostAddress}]:${hostPort}` : `${hostAddress}:${hostPort}`;
}

/** "0.0.0.0:8080->80/tcp", as `ps` shows it; no other port of a container has this text. */
export function portText(port: PublishedPort): string {
  return `${hostSide(port)}->${port.containerPort}/${port.protocol}`;
}

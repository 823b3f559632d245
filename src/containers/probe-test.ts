import { InvalidArgument } from "#base/errors.ts";
import { parseIp } from "#base/ip.ts";
import type { ProbeTarget } from "#runtime/types.ts";

/**
 * The kinds of `Healthcheck.Test` beyond Docker's: `["TCP", "localhost:6379"]` and
 * `["HTTP", "http://localhost:8080/healthz"]`. The engine connects itself, inside the container's network.
 */
export const PROBE_KINDS: ReadonlySet<string> = new Set(["TCP", "HTTP"]);

/** @param test of a kind in `PROBE_KINDS` @throws InvalidArgument */
export function parseProbeTest([kind, address = "", ...rest]: readonly string[]): ProbeTarget {
  if (rest.length > 0) throw new InvalidArgument(`a health check of type '${kind}' takes one address`);
  return parseProbeUrl(kind === "TCP" ? `tcp://${address}` : address);
}

/** The test a URL stands for. @throws InvalidArgument */
export function probeTestOf(url: string): string[] {
  const target = parseProbeUrl(url);
  return target.kind === "tcp" ? ["TCP", url.slice("tcp://".length)] : ["HTTP", url];
}

/** Names would be asked of the host's resolver, which knows nothing of the container's network. */
function parseProbeUrl(text: string): ProbeTarget {
  const match = /^(tcp|http):\/\/(\[[^\]]*\]|[^:/]*):(\d{1,5})(\/[!-~]*)?$/.exec(text);
  const [, kind, host = "", digits, path = ""] = match ?? [];
  const address = host === "" || host === "localhost" ? "127.0.0.1" : host.replace(/^\[|\]$/g, "");
  const port = Number(digits);
  const isKnown = match && parseIp(address) && port >= 1 && port <= 65535;
  if (!isKnown || (kind === "tcp" && path !== ""))
    throw new InvalidArgument(
      `invalid health probe "${text}": expected tcp://localhost:PORT or http://localhost:PORT/PATH, or an IP address instead of localhost`,
    );
  return kind === "tcp"
    ? { kind: "tcp", address, port, path: "" }
    : { kind: "http", address, port, path: path || "/" };
}

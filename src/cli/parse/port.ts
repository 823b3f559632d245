/** `-p` and `--expose`. */
import { parseIp } from "#base/ip.ts";
import type { PortMap } from "#spec/docker/containers.ts";
import { splitCsv } from "../flag-kinds.ts";

export interface PublishedPorts {
  readonly exposed: Record<string, Record<string, never>>;
  readonly bindings: PortMap;
}

interface PortRange {
  readonly first: number;
  readonly last: number;
}

const PROTOCOLS = ["tcp", "udp", "sctp"];
const MAX_PORT = 65535;

/**
 * Publishes like "80", "8080:80", "127.0.0.1:8000-8010:80-90/udp" and exposed ports like "90-92/udp", together.
 * @throws Error in the words Docker's users know
 */
export function parsePorts(published: readonly string[], exposed: readonly string[]): PublishedPorts {
  const ports: PublishedPorts = { exposed: {}, bindings: {} };
  for (const spec of published) publish(toShortForm(spec), ports);
  for (const spec of exposed) expose(spec, ports);
  return ports;
}

/** "published=8080,target=80,protocol=udp" as "8080:80/udp". */
function toShortForm(spec: string): string {
  if (!spec.includes("=")) return spec;
  const fields: Record<string, string> = { protocol: "tcp" };
  for (const field of splitCsv(spec)) {
    const [key, value] = field.split("=", 2);
    if (value === undefined)
      throw new Error(`invalid publish opts format (should be name=value but got '${field}')`);
    fields[key!] = value;
  }
  return `${fields.published ?? ""}:${fields.target ?? ""}/${fields.protocol}`;
}

function publish(spec: string, ports: PublishedPorts): void {
  const { ip, host, container, protocol } = splitSpec(spec);
  if (container === "") throw new Error(`no port specified: ${spec}<empty>`);
  const inside = parseRange(container) ?? fail(`invalid containerPort: ${container}`);
  const outside = host === "" ? undefined : (parseRange(host) ?? fail(`invalid hostPort: ${host}`));
  if (!PROTOCOLS.includes(protocol)) fail(`invalid proto: ${protocol}`);
  const spansOne = inside.first === inside.last;
  if (outside && !spansOne && sizeOf(inside) !== sizeOf(outside))
    fail(`invalid ranges specified for container and host Ports: ${container} and ${host}`);
  for (let offset = 0; offset < sizeOf(inside); offset++) {
    const key = `${inside.first + offset}/${protocol}`;
    ports.exposed[key] = {};
    const hostPort =
      outside === undefined ? "" : spansOne ? rangeText(outside) : String(outside.first + offset);
    ports.bindings[key] = [...(ports.bindings[key] ?? []), { HostIp: ip, HostPort: hostPort }];
  }
}

/** "[ip:][host:]container[/protocol]", where the address may hold colons in brackets. */
function splitSpec(spec: string): { ip: string; host: string; container: string; protocol: string } {
  const slash = spec.lastIndexOf("/");
  const [address, protocol] =
    slash < 0 ? [spec, "tcp"] : [spec.slice(0, slash), spec.slice(slash + 1).toLowerCase() || "tcp"];
  const parts = address.split(":");
  const container = parts.pop()!;
  const host = parts.pop() ?? "";
  const ip = parts.join(":").replace(/^\[(.*)\]$/, "$1");
  if (ip !== "" && !parseIp(ip)) throw new Error(`invalid IP address: ${ip}`);
  return { ip, host, container, protocol };
}

function expose(spec: string, ports: PublishedPorts): void {
  const [text = "", protocol = "tcp"] = spec.split("/", 2);
  if (text.includes(":")) throw new Error(`invalid port format for --expose: ${spec}`);
  const range =
    parseRange(text) ?? fail(`invalid range format for --expose: ${text}, error: ${rangeComplaint(text)}`);
  for (let port = range.first; port <= range.last; port++)
    ports.exposed[`${port}/${protocol.toLowerCase()}`] = {};
}

function parseRange(text: string): PortRange | undefined {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  if (!match) return undefined;
  const [first, last] = [Number(match[1]), Number(match[2] ?? match[1])];
  return first <= last && last <= MAX_PORT ? { first, last } : undefined;
}

function rangeComplaint(text: string): string {
  if (/^\d+-\d+$/.test(text)) return `invalid range specified for port: ${text}`;
  const bad = text.split("-").find((part) => !/^\d+$/.test(part)) ?? text;
  return `strconv.ParseUint: parsing ${JSON.stringify(bad)}: invalid syntax`;
}

function sizeOf({ first, last }: PortRange): number {
  return last - first + 1;
}

function rangeText({ first, last }: PortRange): string {
  return first === last ? String(first) : `${first}-${last}`;
}

function fail(message: string): never {
  throw new Error(message);
}

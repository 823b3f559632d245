/** The short syntax of a service's port: "[[IP:][PUBLISHED]:]TARGET[/PROTOCOL]", ranges included. Pure. */
import { isIP } from "node:net";
import { newMap, type TreeMap } from "./tree.ts";

const PROTOCOLS = ["tcp", "udp", "sctp"];

interface PortRange {
  readonly first: number;
  readonly last: number;
}

/**
 * One map for each container port of the range.
 * @throws Error with the reason
 */
export function parsePorts(spec: string): TreeMap[] {
  const { ip, published, target, protocol } = splitSpec(spec);
  if (target === "") throw new Error(`no port specified: ${spec}<empty>`);
  const hostIp = checkedIp(ip);
  const container = range(target, "containerPort", spec);
  const host = published === "" ? undefined : range(published, "hostPort", spec);
  if (!PROTOCOLS.includes(protocol.toLowerCase())) throw new Error(`invalid proto: ${protocol}`);
  const isSpread = checkSizes(container, host, spec);
  const ports: TreeMap[] = [];
  for (let port = container.first; port <= container.last; port++) {
    const entry = newMap([["mode", "ingress"]]);
    if (hostIp !== "") entry.host_ip = hostIp;
    entry.target = port;
    if (host) entry.published = isSpread ? published : String(host.first + port - container.first);
    entry.protocol = protocol.toLowerCase();
    ports.push(entry);
  }
  return ports.sort((a, b) => (String(a.target) < String(b.target) ? -1 : 1));
}

/** @returns whether one container port is offered a range of host ports to choose from */
function checkSizes(container: PortRange, host: PortRange | undefined, spec: string): boolean {
  if (!host || host.last - host.first === container.last - container.first) return false;
  if (container.first === container.last) return true;
  throw new Error(`invalid ranges specified for container and host Ports: ${spec}`);
}

function splitSpec(spec: string) {
  const slash = spec.indexOf("/");
  const [address, protocol] =
    slash < 0 ? [spec, "tcp"] : [spec.slice(0, slash), spec.slice(slash + 1) || "tcp"];
  const parts = address.split(":");
  const target = parts.pop()!;
  const published = parts.pop() ?? "";
  return { ip: parts.join(":"), published, target, protocol };
}

function checkedIp(text: string): string {
  const ip = text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
  if (ip !== "" && isIP(ip) === 0) throw new Error(`invalid IP address: ${text}`);
  return ip;
}

function range(text: string, what: string, spec: string): PortRange {
  const match = /^(\d+)(?:-(\d+))?$/.exec(text);
  const [first, last] = [Number(match?.[1]), Number(match?.[2] ?? match?.[1])];
  if (!match || first > 65535 || last > 65535 || last < first) throw new Error(`invalid ${what}: ${spec}`);
  return { first, last };
}

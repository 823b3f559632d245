import type { PortSummary } from "#spec/docker/containers.ts";

interface PortRange {
  first: number;
  last: number;
}

/**
 * The ports of one container in one line, such as "443/tcp, 0.0.0.0:8080->80/tcp". Ports that are not published, or on
 * their own number, are joined to ranges; those published on another number stand alone at the end.
 */
export function portsText(ports: readonly PortSummary[] | null): string {
  if (!ports?.length) return "";
  const texts: string[] = [];
  const moved: string[] = [];
  const ranges = new Map<string, { readonly port: PortSummary; range: PortRange }>();
  for (const port of [...ports].sort(comparePorts)) {
    if (port.IP && port.PublicPort !== port.PrivatePort) {
      moved.push(`${bracketed(port.IP)}:${port.PublicPort}->${port.PrivatePort}/${port.Type}`);
      continue;
    }
    const key = `${port.IP ?? ""}/${port.Type}`;
    const open = ranges.get(key);
    if (open && port.PrivatePort === open.range.last + 1) open.range.last = port.PrivatePort;
    else {
      const range = { first: port.PrivatePort, last: port.PrivatePort };
      if (open) {
        texts.push(rangeText(open.port, open.range));
        open.range = range;
      } else ranges.set(key, { port, range });
    }
  }
  for (const { port, range } of ranges.values()) texts.push(rangeText(port, range));
  return [...texts, ...moved].join(", ");
}

function rangeText({ IP, Type }: PortSummary, { first, last }: PortRange): string {
  const numbers = first === last ? `${first}` : `${first}-${last}`;
  return IP ? `${bracketed(IP)}:${numbers}->${numbers}/${Type}` : `${numbers}/${Type}`;
}

function bracketed(address: string): string {
  return address.includes(":") ? `[${address}]` : address;
}

function comparePorts(a: PortSummary, b: PortSummary): number {
  return (
    a.PrivatePort - b.PrivatePort ||
    compareTexts(a.IP ?? "", b.IP ?? "") ||
    (a.PublicPort ?? 0) - (b.PublicPort ?? 0) ||
    compareTexts(a.Type, b.Type)
  );
}

function compareTexts(a: string, b: string): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

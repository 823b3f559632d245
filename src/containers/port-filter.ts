import { InvalidArgument } from "#base/errors.ts";

export interface PortRange {
  readonly first: number;
  readonly last: number;
  readonly protocol: string;
}

/** "80", "80/udp", "8000-8010/tcp". @throws InvalidArgument naming the filter */
export function parsePortFilter(key: string, text: string): PortRange {
  const match = /^(\d{1,5})(?:-(\d{1,5}))?(?:\/(tcp|udp|sctp))?$/.exec(text);
  const first = Number(match?.[1]);
  const last = Number(match?.[2] ?? first);
  if (!match || last < first || last > 65535) throw new InvalidArgument(`invalid filter '${key}=${text}'`);
  return { first, last, protocol: match[3] ?? "tcp" };
}

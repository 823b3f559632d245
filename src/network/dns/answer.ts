import { canonicalIp } from "#base/ip.ts";
import { ipBytes } from "#kernel/ip-bytes.ts";
import type { IpAddress } from "#kernel/types.ts";
import { CLASS_IN, encodeName, type Query, RCODE, TYPE, writeAnswer } from "./message.ts";
import { encodeService, serviceOf } from "./services.ts";
import type { SandboxView } from "./types.ts";
import type { Zone } from "./zone.ts";

/** Seconds. A container that is made anew may have another address. */
const TTL = 5;

/**
 * Pure but for the order of addresses: the answer from our own names; undefined when the question is for a resolver.
 * @param maxBytes of the answer
 * @param random in [0, 1), for sharing load among addresses
 */
export function answerLocally(
  zone: Zone,
  view: SandboxView,
  request: { readonly bytes: Uint8Array; readonly query: Query; readonly maxBytes: number },
  random: () => number = Math.random,
): Uint8Array | undefined {
  const { bytes, query, maxBytes } = request;
  if (query.class !== CLASS_IN) return undefined;
  const lookup = LOOKUPS[query.type] ?? addresses;
  const records = lookup(zone, view, query, random);
  return records && writeAnswer(bytes, query, { rcode: RCODE.NOERROR, records, ttl: TTL }, maxBytes);
}

type Lookup = (zone: Zone, view: SandboxView, query: Query, random: () => number) => Uint8Array[] | undefined;

const LOOKUPS: Readonly<Record<number, Lookup>> = { [TYPE.PTR]: pointers, [TYPE.SRV]: services };

/** A known name without an address of the family asked for, or asked for anything else, has no such records. */
function addresses(
  zone: Zone,
  view: SandboxView,
  query: Query,
  random: () => number,
): Uint8Array[] | undefined {
  const found = zone.addressesOf(view, query.name);
  if (!found) return undefined;
  if (query.type !== TYPE.A && query.type !== TYPE.AAAA) return [];
  const size = query.type === TYPE.A ? 4 : 16;
  const records = found.map(wireAddress).filter((record) => record.length === size);
  return shuffle(records, random);
}

/** Who serves `_http._tcp.web`, or `_8080._tcp.web`: every holder of the name that says so, in any order. */
function services(
  zone: Zone,
  view: SandboxView,
  query: Query,
  random: () => number,
): Uint8Array[] | undefined {
  const service = serviceOf(query.name);
  if (!service) return addresses(zone, view, query, random);
  const found = service.ports.map((port) => ({
    port,
    servers: zone.serversOf(view, service.host, `${port}/${service.protocol}`),
  }));
  if (found.every(({ servers }) => servers === undefined)) return undefined;
  const records = found.flatMap(({ port, servers = [] }) =>
    servers.map((server) => encodeService(port, server)),
  );
  const fitting = records.filter((record) => record !== undefined);
  return shuffle(fitting, random);
}

function pointers(zone: Zone, view: SandboxView, query: Query): Uint8Array[] | undefined {
  const address = reverseAddress(query.name);
  const name = address === undefined ? undefined : zone.nameOf(view, address);
  return name === undefined ? undefined : [encodeName(name)].filter((record) => record !== undefined);
}

/** "2.0.17.172.in-addr.arpa" is 172.17.0.2; of IPv6 every half byte is a label. */
export function reverseAddress(name: string): IpAddress | undefined {
  const labels = name.split(".").reverse();
  if (labels[0] !== "arpa") return undefined;
  const digits = labels.slice(2);
  if (labels[1] === "in-addr" && digits.length === 4) return digits.join(".");
  if (labels[1] !== "ip6" || digits.length !== 32) return undefined;
  const groups = digits.join("").match(/.{4}/g) ?? [];
  return canonicalIp(groups.join(":"));
}

const wireCache = new Map<IpAddress, Uint8Array>();
const WIRE_CACHE_MAX = 4096;

function wireAddress(address: IpAddress): Uint8Array {
  const known = wireCache.get(address);
  if (known) return known;
  if (wireCache.size >= WIRE_CACHE_MAX) wireCache.clear();
  const made = ipBytes(address);
  wireCache.set(address, made);
  return made;
}

function shuffle(records: Uint8Array[], random: () => number): Uint8Array[] {
  for (let i = records.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [records[i], records[j]] = [records[j]!, records[i]!];
  }
  return records;
}

/**
 * Internet addresses as numbers: parse, print, and the arithmetic of prefixes and ranges.
 * Text is canonical: dotted quads without leading zeros, RFC 5952 for IPv6.
 */
export type IpFamily = 4 | 6;

export interface Ip {
  readonly family: IpFamily;
  readonly value: bigint;
}

/** Every address whose first `length` bits are those of `first`. */
export interface IpPrefix {
  readonly family: IpFamily;
  /** The lowest address: host bits are zero. */
  readonly first: bigint;
  readonly length: number;
}

/** Both ends included. */
export interface IpRange {
  readonly family: IpFamily;
  readonly first: bigint;
  readonly last: bigint;
}

const BITS = { 4: 32, 6: 128 } as const;

/** @returns undefined for anything but one plain address (no zone, no prefix length) */
export function parseIp(text: string): Ip | undefined {
  const value = text.includes(":") ? parseV6(text) : parseV4(text);
  return value === undefined ? undefined : { family: text.includes(":") ? 6 : 4, value };
}

/** "10.1.2.3/8": the address as written, and the prefix it lies in. @returns undefined for anything else */
export function parseCidr(text: string): { readonly address: Ip; readonly prefix: IpPrefix } | undefined {
  const match = /^([^/]+)\/(0|[1-9]\d{0,2})$/.exec(text);
  const address = match ? parseIp(match[1]!) : undefined;
  const length = Number(match?.[2]);
  if (!address || length > BITS[address.family]) return undefined;
  return { address, prefix: prefixOf(address, length) };
}

export function formatIp(ip: Ip): string {
  return ip.family === 4 ? formatV4(ip.value) : formatV6(ip.value);
}

export function formatPrefix(prefix: IpPrefix): string {
  return `${formatIp({ family: prefix.family, value: prefix.first })}/${prefix.length}`;
}

/** Canonical text of an address in any spelling. @returns undefined when it is none */
export function canonicalIp(text: string): string | undefined {
  const ip = parseIp(text);
  return ip && formatIp(ip);
}

/** The prefix of this length around an address. */
export function prefixOf(ip: Ip, length: number): IpPrefix {
  const hostBits = BigInt(BITS[ip.family] - length);
  return { family: ip.family, first: (ip.value >> hostBits) << hostBits, length };
}

export function prefixRange(prefix: IpPrefix): IpRange {
  return { family: prefix.family, first: prefix.first, last: prefix.first + prefixSize(prefix) - 1n };
}

/** Number of addresses. */
export function prefixSize(prefix: IpPrefix): bigint {
  return 1n << BigInt(BITS[prefix.family] - prefix.length);
}

export function rangeContains(outer: IpRange, ip: Ip): boolean {
  return outer.family === ip.family && outer.first <= ip.value && ip.value <= outer.last;
}

export function prefixContains(prefix: IpPrefix, ip: Ip): boolean {
  return rangeContains(prefixRange(prefix), ip);
}

export function rangesOverlap(a: IpRange, b: IpRange): boolean {
  return a.family === b.family && a.first <= b.last && b.first <= a.last;
}

export function prefixesOverlap(a: IpPrefix, b: IpPrefix): boolean {
  return rangesOverlap(prefixRange(a), prefixRange(b));
}

/** 127.0.0.0/8, ::1, and IPv4 loopback written as IPv6. */
export function isLoopback(ip: Ip): boolean {
  if (ip.family === 4) return ip.value >> 24n === 127n;
  return ip.value === 1n || ip.value >> 24n === 0xffff7fn;
}

/** 0.0.0.0 or ::. */
export function isUnspecified(ip: Ip): boolean {
  return ip.value === 0n;
}

function parseV4(text: string): bigint | undefined {
  const parts = text.split(".");
  if (parts.length !== 4 || !parts.every((part) => /^(?:0|[1-9]\d{0,2})$/.test(part) && Number(part) <= 255))
    return undefined;
  return parts.reduce((value, part) => (value << 8n) | BigInt(part), 0n);
}

function parseV6(text: string): bigint | undefined {
  const halves = text.split("::");
  if (halves.length > 2) return undefined;
  const [head, tail] = halves.map((half) => (half === "" ? [] : half.split(":")));
  const groups = [...(head ?? []), ...(tail ?? [])];
  const last = groups.at(-1);
  let trailing: bigint | undefined;
  if (last?.includes(".")) {
    if (text.endsWith("::")) return undefined;
    trailing = parseV4(last);
    if (trailing === undefined) return undefined;
  }
  const given = groups.length + (trailing === undefined ? 0 : 1);
  if (tail ? given > 7 : given !== 8) return undefined;

  const words = [...head!, ...Array<string>(8 - given).fill("0"), ...(tail ?? [])];
  if (trailing !== undefined) words.splice(-1, 1, hex(trailing >> 16n), hex(trailing & 0xffffn));
  if (!words.every((word) => /^[0-9a-fA-F]{1,4}$/.test(word))) return undefined;
  return words.reduce((value, word) => (value << 16n) | BigInt(`0x${word}`), 0n);
}

function formatV4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 0xffn)).join(".");
}

function formatV6(value: bigint): string {
  const words = Array.from({ length: 8 }, (_, index) =>
    hex((value >> BigInt(112 - 16 * index)) & 0xffffn),
  ).join(":");
  // RFC 5952: the first of the longest runs of two or more zero groups becomes "::".
  const runs = words.match(/(?<=^|:)0(?::0)+(?=:|$)/g) ?? [];
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), "");
  if (longest === "") return words;
  const at = words.search(new RegExp(`(?<=^|:)${longest}(?=:|$)`));
  return `${words.slice(0, at).replace(/:$/, "")}::${words.slice(at + longest.length).replace(/^:/, "")}`;
}

function hex(word: bigint): string {
  return word.toString(16);
}

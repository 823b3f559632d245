import type { Clock } from "#base/clock.ts";
import { InvalidArgument, PermissionDenied, Unavailable } from "#base/errors.ts";
import {
  formatIp,
  type IpFamily,
  type IpRange,
  parseCidr,
  parseIp,
  prefixRange,
  rangeContains,
} from "#base/ip.ts";
import type { IpAddress } from "#kernel/types.ts";
import type { IpamPoolConfig } from "#spec/docker/networks.ts";
import { endpointsIn, type NetworkRecords, type RestingAddress, restingKey } from "../records.ts";
import type { NetworkRecord } from "../types.ts";
import { allocate, REST_MS, type Release } from "./allocate.ts";
import { reservedAddresses, usableRange } from "./config.ts";

/**
 * Which addresses of each network are in use. The truth is in the sandbox records; the books here are made from them when
 * a network is first asked about. Stored besides is only where the search goes on, and what rests.
 */
export class Ipam {
  readonly #records: NetworkRecords;
  readonly #clock: Clock;
  readonly #books = new Map<string, NetworkBooks>();

  constructor(deps: { readonly records: NetworkRecords; readonly clock: Clock }) {
    this.#records = deps.records;
    this.#clock = deps.clock;
  }

  /**
   * Takes an address of a network; the caller stores it in its record, or gives it back.
   * @param wanted an address the user asked for
   * @throws PermissionDenied "Address already in use", InvalidArgument when the network has no such address, Unavailable
   *   when all are in use
   */
  lease(network: NetworkRecord, family: IpFamily, containerId: string, wanted?: IpAddress): IpAddress {
    const books = this.#booksOf(network);
    const own = books[family] ?? [];
    if (own.length === 0) throw new InvalidArgument(`network ${network.name} has no IPv${family} subnet`);
    const ownerOf = () => this.#ownerOf(network, wanted!);
    const { book, value } = wanted
      ? claimValue(own, wanted, ownerOf)
      : this.#nextValue(own, network, containerId);
    const isFormer = book.released.get(value)?.containerId === containerId;
    book.used.add(value);
    if (book.released.delete(value)) this.#wake(network.id, formatIp({ family, value }));
    if (!wanted && !isFormer) {
      book.cursor = value;
      this.#records.cursors.put(cursorRecord(network.id, books));
    }
    return formatIp({ family, value });
  }

  release(networkId: string, containerId: string, address: IpAddress): void {
    const ip = parseIp(address)!;
    const atMs = this.#clock.now();
    const books = this.#books.get(networkId)?.[ip.family];
    const book = books?.find(({ claimable }) => rangeContains(claimable, ip));
    if (books && !book?.used.delete(ip.value)) return;
    this.#records.restingAddresses.put({ networkId, address, atMs, containerId });
    if (!book) return; // nobody has asked about the network since this engine began
    book.released.set(ip.value, { atMs, containerId });
    for (const value of dropRested(book.released, atMs))
      this.#wake(networkId, formatIp({ family: ip.family, value }));
  }

  /** How full each subnet of a network is. */
  use(network: NetworkRecord): readonly SubnetUse[] {
    const books = this.#booksOf(network);
    return [...(books[4] ?? []), ...(books[6] ?? [])].map(useOf);
  }

  /** The network is gone, or its subnets changed. */
  forget(networkId: string): void {
    this.#books.delete(networkId);
    this.#records.cursors.delete(networkId);
    for (const resting of this.#records.restingAddresses.find("network", networkId))
      this.#wake(networkId, resting.address);
  }

  #wake(networkId: string, address: IpAddress): void {
    this.#records.restingAddresses.delete(restingKey({ networkId, address }));
  }

  /** Addresses given back before this engine began, the oldest first; those that have rested are forgotten. */
  #resting(networkId: string): RestingAddress[] {
    const nowMs = this.#clock.now();
    const all = this.#records.restingAddresses.find("network", networkId);
    const [resting = [], rested = []] = [true, false].map((rests) =>
      all.filter(({ atMs }) => nowMs - atMs < REST_MS === rests),
    );
    for (const { address } of rested) this.#wake(networkId, address);
    return resting.sort((a, b) => a.atMs - b.atMs);
  }

  /** In words. @param address that is taken */
  #ownerOf(network: NetworkRecord, address: IpAddress): string {
    const [config] = network.ipam.config.filter(({ Gateway }) => Gateway === address);
    if (config) return `${address} is the gateway of network ${network.name}`;
    const reserved = network.ipam.config.flatMap(({ AuxiliaryAddresses }) =>
      Object.entries(AuxiliaryAddresses ?? {}),
    );
    const [auxiliary] = reserved.find(([, one]) => one === address) ?? [];
    if (auxiliary !== undefined) return `${address} is reserved in network ${network.name} for ${auxiliary}`;
    const owner = endpointsIn(this.#records, network.id).find(
      ({ ipv4, ipv6 }) => ipv4?.address === address || ipv6?.address === address,
    );
    return owner ? `container ${owner.containerName} has ${address}` : `${address} is in use`;
  }

  #nextValue(
    books: readonly Book[],
    network: NetworkRecord,
    containerId: string,
  ): { readonly book: Book; readonly value: bigint } {
    for (const book of books) {
      const value = allocate({
        range: book.range,
        after: book.cursor,
        isTaken: (candidate) => book.used.has(candidate) || book.reserved.has(candidate),
        released: book.released,
        nowMs: this.#clock.now(),
        containerId,
      });
      if (value !== undefined) return { book, value };
    }
    throw new Unavailable(
      `no available IPv${books[0]!.range.family} addresses on this network's address pools: ${network.name} (${network.id})`,
    );
  }

  #booksOf(network: NetworkRecord): NetworkBooks {
    const known = this.#books.get(network.id);
    if (known) return known;
    const cursor = this.#records.cursors.get(network.id);
    const used = endpointsIn(this.#records, network.id).flatMap(({ ipv4, ipv6 }) =>
      [ipv4?.address, ipv6?.address].filter((address) => address !== undefined),
    );
    const resting = this.#resting(network.id);
    const books: NetworkBooks = {};
    for (const config of network.ipam.config) {
      const book = openBook(config, used);
      for (const { address, atMs, containerId } of resting) {
        const ip = parseIp(address)!;
        if (rangeContains(book.claimable, ip)) book.released.set(ip.value, { atMs, containerId });
      }
      const last = parseIp(cursor?.[book.range.family === 4 ? "ipv4" : "ipv6"] ?? "");
      if (last && rangeContains(book.range, last)) book.cursor = last.value;
      books[book.range.family] = [...(books[book.range.family] ?? []), book];
    }
    this.#books.set(network.id, books);
    return books;
  }
}

export interface SubnetUse {
  readonly subnet: string;
  /** Taken, reserved, or never given out. */
  readonly inUse: bigint;
  /** Left for containers that ask for no address. */
  readonly available: bigint;
}

/** A book for each subnet, in the order the user gave them. */
type NetworkBooks = Partial<Record<IpFamily, readonly Book[]>>;

interface Book {
  readonly subnet: string;
  /** Given out when nobody asked for a certain address. */
  readonly range: IpRange;
  /** Given out on request: all of the subnet that is usable. */
  readonly claimable: IpRange;
  readonly reserved: ReadonlySet<bigint>;
  readonly used: Set<bigint>;
  readonly released: Map<bigint, Release>;
  cursor: bigint | undefined;
}

function useOf({ subnet, range, claimable, used, reserved }: Book): SubnetUse {
  const taken = new Set([...used, ...reserved]);
  const within = ({ first, last }: IpRange) => {
    let count = 0n;
    for (const value of taken) if (value >= first && value <= last) count++;
    return count;
  };
  const all = prefixRange(parseCidr(subnet)!.prefix);
  const neverGiven = all.last - all.first - (claimable.last - claimable.first);
  return {
    subnet,
    inUse: neverGiven + within(claimable),
    available: range.last - range.first + 1n - within(range),
  };
}

function openBook(config: IpamPoolConfig, used: readonly IpAddress[]): Book {
  const range = usableRange(config);
  const values = used.map((text) => parseIp(text)!).filter(({ family }) => family === range.family);
  return {
    subnet: config.Subnet!,
    range,
    claimable: usableRange({ Subnet: config.Subnet! }),
    reserved: reservedAddresses(config),
    used: new Set(values.map(({ value }) => value)),
    released: new Map(),
    cursor: undefined,
  };
}

function claimValue(
  books: readonly Book[],
  wanted: IpAddress,
  ownerOf: () => string,
): { readonly book: Book; readonly value: bigint } {
  const ip = parseIp(wanted);
  const book = ip && books.find(({ claimable }) => rangeContains(claimable, ip));
  if (!ip || !book)
    throw new InvalidArgument(
      `invalid endpoint settings:\nno configured subnet contains IP address ${wanted}`,
    );
  if (book.used.has(ip.value) || book.reserved.has(ip.value))
    throw new PermissionDenied("Address already in use", { hint: ownerOf() });
  return { book, value: ip.value };
}

/** In order of release: the old ones are in front. @returns them */
function dropRested(released: Map<bigint, Release>, nowMs: number): bigint[] {
  const dropped: bigint[] = [];
  for (const [value, { atMs }] of released) {
    if (nowMs - atMs < REST_MS) break;
    dropped.push(value);
  }
  for (const value of dropped) released.delete(value);
  return dropped;
}

function cursorRecord(networkId: string, books: NetworkBooks) {
  const last = (family: IpFamily) => {
    const value = books[family]?.findLast(({ cursor }) => cursor !== undefined)?.cursor;
    return value === undefined ? undefined : formatIp({ family, value });
  };
  return { networkId, ipv4: last(4), ipv6: last(6) };
}

import type { Clock } from "#base/clock.ts";
import { InvalidArgument, PermissionDenied, Unavailable } from "#base/errors.ts";
import { formatIp, type IpFamily, type IpRange, parseIp, rangeContains } from "#base/ip.ts";
import type { IpAddress } from "#kernel/types.ts";
import type { IpamPoolConfig } from "#spec/docker/networks.ts";
import { endpointsIn, type NetworkRecords } from "../records.ts";
import type { NetworkRecord } from "../types.ts";
import { allocate, REST_MS, type Release } from "./allocate.ts";
import { reservedAddresses, usableRange } from "./config.ts";

/**
 * Which addresses of each network are in use. The truth is in the sandbox records; the books here are made from them when
 * a network is first asked about. Only the place where the search goes on is stored besides.
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
    const book = books[family];
    if (!book) throw new InvalidArgument(`network ${network.name} has no IPv${family} subnet`);
    const value = wanted ? claimValue(book, wanted) : this.#nextValue(book, network, containerId);
    const isFormer = book.released.get(value)?.containerId === containerId;
    book.used.add(value);
    book.released.delete(value);
    if (!wanted && !isFormer) {
      book.cursor = value;
      this.#records.cursors.put(cursorRecord(network.id, books));
    }
    return formatIp({ family, value });
  }

  release(networkId: string, containerId: string, address: IpAddress): void {
    const ip = parseIp(address)!;
    const book = this.#books.get(networkId)?.[ip.family];
    if (!book?.used.delete(ip.value)) return;
    const nowMs = this.#clock.now();
    book.released.set(ip.value, { atMs: nowMs, containerId });
    dropRested(book.released, nowMs);
  }

  /** The network is gone, or its subnets changed. */
  forget(networkId: string): void {
    this.#books.delete(networkId);
    this.#records.cursors.delete(networkId);
  }

  #nextValue(book: Book, network: NetworkRecord, containerId: string): bigint {
    const value = allocate({
      range: book.range,
      after: book.cursor,
      isTaken: (candidate) => book.used.has(candidate) || book.reserved.has(candidate),
      released: book.released,
      nowMs: this.#clock.now(),
      containerId,
    });
    if (value !== undefined) return value;
    throw new Unavailable(
      `no available IPv${book.range.family} addresses on this network's address pools: ${network.name} (${network.id})`,
    );
  }

  #booksOf(network: NetworkRecord): NetworkBooks {
    const known = this.#books.get(network.id);
    if (known) return known;
    const cursor = this.#records.cursors.get(network.id);
    const used = endpointsIn(this.#records, network.id).flatMap(({ ipv4, ipv6 }) =>
      [ipv4?.address, ipv6?.address].filter((address) => address !== undefined),
    );
    const books: NetworkBooks = {};
    for (const config of network.ipam.config) {
      const book = openBook(config, used);
      const last = cursor?.[book.range.family === 4 ? "ipv4" : "ipv6"];
      if (last) book.cursor = parseIp(last)!.value;
      books[book.range.family] = book;
    }
    this.#books.set(network.id, books);
    return books;
  }
}

type NetworkBooks = Partial<Record<IpFamily, Book>>;

interface Book {
  /** Given out when nobody asked for a certain address. */
  readonly range: IpRange;
  /** Given out on request: all of the subnet that is usable. */
  readonly claimable: IpRange;
  readonly reserved: ReadonlySet<bigint>;
  readonly used: Set<bigint>;
  readonly released: Map<bigint, Release>;
  cursor: bigint | undefined;
}

function openBook(config: IpamPoolConfig, used: readonly IpAddress[]): Book {
  const range = usableRange(config);
  const values = used.map((text) => parseIp(text)!).filter(({ family }) => family === range.family);
  return {
    range,
    claimable: usableRange({ Subnet: config.Subnet! }),
    reserved: reservedAddresses(config),
    used: new Set(values.map(({ value }) => value)),
    released: new Map(),
    cursor: undefined,
  };
}

function claimValue(book: Book, wanted: IpAddress): bigint {
  const ip = parseIp(wanted);
  if (!ip || !rangeContains(book.claimable, ip))
    throw new InvalidArgument(
      `invalid endpoint settings:\nno configured subnet contains IP address ${wanted}`,
    );
  if (book.used.has(ip.value) || book.reserved.has(ip.value))
    throw new PermissionDenied("Address already in use", { hint: `${wanted} belongs to someone else` });
  return ip.value;
}

/** In order of release: the old ones are in front. */
function dropRested(released: Map<bigint, Release>, nowMs: number): void {
  for (const [value, { atMs }] of released) {
    if (nowMs - atMs < REST_MS) return;
    released.delete(value);
  }
}

function cursorRecord(networkId: string, books: NetworkBooks) {
  const last = (family: IpFamily) => {
    const value = books[family]?.cursor;
    return value === undefined ? undefined : formatIp({ family, value });
  };
  return { networkId, ipv4: last(4), ipv6: last(6) };
}

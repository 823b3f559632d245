import type { IpAddress } from "#kernel/types.ts";
import { AnswerCache, cacheKey } from "./cache.ts";
import { parseReply, type Query, RCODE } from "./message.ts";
import { askByTcp, type Inside, type OnAnswer, UpstreamUdp } from "./upstream.ts";

/** How long all resolvers are waited for before they are asked again, and how often they are asked. */
const ATTEMPT_MS = 2000;
const ATTEMPTS = 2;
const MOST_IN_FLIGHT = 2048;

export interface ForwarderOptions {
  readonly inside: Inside;
  /** For tests. */
  readonly port?: number;
  readonly attemptMs?: number;
}

/** Asks a group of resolvers side by side and remembers what they said. Equal questions at one time are asked once. */
export class Forwarder implements Disposable {
  readonly #upstreams: readonly UpstreamUdp[];
  readonly #addresses: readonly IpAddress[];
  readonly #options: ForwarderOptions;
  readonly #cache = new AnswerCache();
  readonly #inFlight = new Map<string, Promise<Uint8Array | undefined>>();

  constructor(addresses: readonly IpAddress[], options: ForwarderOptions) {
    this.#addresses = addresses;
    this.#options = options;
    this.#upstreams = addresses.map((address) => new UpstreamUdp(address, options.inside, options.port));
  }

  /** Without waiting, when it was asked before. @param key of the question: `cacheKey` */
  remembered(key: string, bytes: Uint8Array, query: Query): Uint8Array | undefined {
    return this.#cache.get(key, bytes, query);
  }

  /**
   * @param byTcp the client can take an answer of any length
   * @returns undefined when no resolver answered
   */
  async ask(
    bytes: Uint8Array,
    query: Query,
    byTcp: boolean,
    key = cacheKey(bytes, query),
  ): Promise<Uint8Array | undefined> {
    const asked = this.#inFlight.get(key);
    if (asked) {
      const answer = await asked;
      return this.#cache.get(key, bytes, query) ?? (answer && sameWithId(answer, bytes, query));
    }
    if (this.#inFlight.size >= MOST_IN_FLIGHT) return undefined;
    const asking = this.#askAll(bytes, query, byTcp);
    this.#inFlight.set(key, asking);
    try {
      const answer = await asking;
      if (answer) this.#cache.put(key, answer);
      return answer;
    } finally {
      this.#inFlight.delete(key);
    }
  }

  [Symbol.dispose](): void {
    for (const upstream of this.#upstreams) upstream.close();
  }

  async #askAll(bytes: Uint8Array, query: Query, byTcp: boolean): Promise<Uint8Array | undefined> {
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      const answer = await this.#firstByUdp(bytes, query);
      if (!answer) continue;
      if (!byTcp || !parseReply(answer)?.isTruncated) return answer;
      return (await this.#firstByTcp(bytes)) ?? answer;
    }
    return undefined;
  }

  #firstByUdp(bytes: Uint8Array, query: Query): Promise<Uint8Array | undefined> {
    return this.#first((index, tell) => this.#upstreams[index]!.ask(bytes, query.questionEnd, tell));
  }

  #firstByTcp(bytes: Uint8Array): Promise<Uint8Array | undefined> {
    const { inside, port } = this.#options;
    return this.#first((index, tell) => {
      const until = new AbortController();
      const target = { address: this.#addresses[index]!, inside, ...(port === undefined ? {} : { port }) };
      void askByTcp(target, bytes, until.signal).then(tell);
      return () => until.abort();
    });
  }

  /** The first answer that says something; else one that tells of a failure; undefined when time is up. */
  #first(ask: (index: number, tell: OnAnswer) => () => void): Promise<Uint8Array | undefined> {
    const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>();
    const cancels: (() => void)[] = [];
    let waiting = this.#addresses.length;
    let failure: Uint8Array | undefined;
    const finish = (answer: Uint8Array | undefined) => {
      clearTimeout(timer);
      for (const cancel of cancels) cancel();
      resolve(answer);
    };
    const timer = setTimeout(() => finish(failure), this.#options.attemptMs ?? ATTEMPT_MS);
    const tell = (answer: Uint8Array | undefined) => {
      if (answer && isUseful(answer)) return finish(answer);
      failure ??= answer;
      if (--waiting === 0) finish(failure);
    };
    for (let index = 0; index < this.#addresses.length; index++) cancels.push(ask(index, tell));
    if (waiting === 0) finish(failure);
    return promise;
  }
}

function isUseful(answer: Uint8Array): boolean {
  const rcode = parseReply(answer)?.rcode;
  return rcode === RCODE.NOERROR || rcode === RCODE.NXDOMAIN;
}

function sameWithId(answer: Uint8Array, bytes: Uint8Array, query: Query): Uint8Array {
  const copy = new Uint8Array(answer); // slice() of a Buffer is no copy
  copy.set(bytes.subarray(0, 2));
  copy.set(bytes.subarray(12, query.questionEnd), 12);
  return copy;
}

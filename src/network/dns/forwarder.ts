import type { IpAddress } from "#kernel/types.ts";
import { AnswerCache, cacheKey } from "./cache.ts";
import { parseReply, type Query, RCODE } from "./message.ts";
import { askByTcp, type Inside, UpstreamUdp } from "./upstream.ts";

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

  /** Without waiting, when it was asked before. */
  remembered(bytes: Uint8Array, query: Query): Uint8Array | undefined {
    return this.#cache.get(cacheKey(bytes, query), bytes, query);
  }

  /**
   * @param byTcp the client can take an answer of any length
   * @returns undefined when no resolver answered
   */
  async ask(bytes: Uint8Array, query: Query, byTcp: boolean): Promise<Uint8Array | undefined> {
    const key = cacheKey(bytes, query);
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
      const answer = await this.#firstAnswer((upstream, _address, until) =>
        upstream.ask(bytes, query.questionEnd, until),
      );
      if (!answer) continue;
      if (!byTcp || !parseReply(answer)?.isTruncated) return answer;
      const { inside, port } = this.#options;
      const whole = await this.#firstAnswer((_upstream, address, until) =>
        askByTcp({ address, inside, ...(port === undefined ? {} : { port }) }, bytes, until),
      );
      return whole ?? answer;
    }
    return undefined;
  }

  /** The first answer that says something; else one that tells of a failure; undefined when time is up. */
  async #firstAnswer(
    ask: (upstream: UpstreamUdp, address: IpAddress, until: AbortSignal) => Promise<Uint8Array | undefined>,
  ): Promise<Uint8Array | undefined> {
    const until = new AbortController();
    const timer = setTimeout(() => until.abort(), this.#options.attemptMs ?? ATTEMPT_MS);
    const { promise, resolve } = Promise.withResolvers<Uint8Array | undefined>();
    let failure: Uint8Array | undefined;
    const asked = this.#upstreams.map(async (upstream, index) => {
      const answer = await ask(upstream, this.#addresses[index]!, until.signal);
      if (answer && isUseful(answer)) resolve(answer);
      else failure ??= answer;
    });
    void Promise.all(asked).then(() => resolve(failure));
    try {
      return await promise;
    } finally {
      clearTimeout(timer);
      until.abort();
    }
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

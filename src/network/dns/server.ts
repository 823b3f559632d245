import { readFileSync } from "node:fs";
import { messageOf } from "#base/errors.ts";
import type { DatagramBatch, Kernel } from "#kernel/types.ts";
import { nameserversOf } from "../files/resolv-conf.ts";
import { answerLocally } from "./answer.ts";
import { cacheKey } from "./cache.ts";
import { Forwarder } from "./forwarder.ts";
import { HotAnswers } from "./hot-answers.ts";
import { listenIn } from "./listener.ts";
import { parseQuery, type Query, RCODE, refusal, writeAnswer } from "./message.ts";
import { type CommandAnswer, NAME_SERVER_ADDRESS, type SandboxView } from "./types.ts";
import { Zone } from "./zone.ts";

/** Of one container, to resolvers. What floods is told that it failed. */
const MOST_FORWARDED = 512;
/** A DNS message by TCP can be no longer. */
const MOST_TCP_BYTES = 65_535;
/** How long the host's list of resolvers is taken as read. */
const HOST_RESOLVERS_MS = 2000;

export interface NameServerOptions {
  readonly kernel: Pick<Kernel, "netns" | "firewall" | "sockets">;
  /** The host's list of resolvers; another file in tests. */
  readonly resolvConf?: string;
  /** Of the resolvers; in tests. */
  readonly resolverPort?: number;
}

interface Served {
  readonly listener: Disposable;
  /** Undefined: the host's resolvers, or none. */
  readonly forwarder: Forwarder | undefined;
  readonly hot: HotAnswers;
  forwarded: number;
}

/** Answers the containers of all networks with names. */
export class NameServer implements Disposable {
  readonly #options: NameServerOptions;
  readonly #zone = new Zone();
  readonly #served = new Map<string, Served>();
  readonly #hostResolvers: HostResolvers;
  readonly #batch: DatagramBatch;

  constructor(options: NameServerOptions) {
    this.#options = options;
    this.#batch = options.kernel.sockets.createDatagramBatch();
    this.#hostResolvers = new HostResolvers(options.resolvConf ?? "/etc/resolv.conf", options.resolverPort);
  }

  get size(): number {
    return this.#served.size;
  }

  /** These containers and no others. */
  sync(views: readonly SandboxView[]): CommandAnswer["failures"] {
    const kept = new Set(views.map(({ id }) => id));
    for (const id of [...this.#served.keys()]) if (!kept.has(id)) this.delete(id);
    return views.flatMap((view) => this.set(view));
  }

  /** A container's first view, or a changed one: sockets of one that is served already stay. */
  set(view: SandboxView): CommandAnswer["failures"] {
    const before = this.#zone.view(view.id);
    const served = this.#served.get(view.id);
    this.#zone.set(view);
    const mayStay = before?.netnsPath === view.netnsPath && sameResolvers(before, view);
    if (served && mayStay) return [];
    try {
      this.#stop(view.id);
      this.#served.set(view.id, this.#serve(view));
      return [];
    } catch (error) {
      this.#zone.delete(view.id);
      return [{ id: view.id, message: messageOf(error) }];
    }
  }

  delete(id: string): void {
    this.#zone.delete(id);
    this.#stop(id);
  }

  [Symbol.dispose](): void {
    for (const id of [...this.#served.keys()]) this.delete(id);
    this.#hostResolvers[Symbol.dispose]();
  }

  #stop(id: string): void {
    const served = this.#served.get(id);
    this.#served.delete(id);
    served?.listener[Symbol.dispose]();
    served?.forwarder?.[Symbol.dispose]();
  }

  #serve(view: SandboxView): Served {
    const { kernel, resolverPort: port } = this.#options;
    const { id, netnsPath, resolvers } = view;
    const inside = <T>(work: () => T): T => {
      using namespace = kernel.netns.open(netnsPath);
      return namespace.run(work);
    };
    const forwarder =
      resolvers === "host" || resolvers.length === 0
        ? undefined
        : new Forwarder(resolvers, { inside, ...(port === undefined ? {} : { port }) });
    const listener = listenIn(kernel, netnsPath, this.#batch, (message, { byTcp }, send) =>
      this.#respond(id, message, byTcp, send),
    );
    return { listener, forwarder, hot: new HotAnswers(), forwarded: 0 };
  }

  #respond(id: string, message: Uint8Array, byTcp: boolean, send: (answer: Uint8Array) => void): void {
    const view = this.#zone.view(id);
    const hot = byTcp ? undefined : this.#served.get(id)?.hot;
    const known = hot?.get(message, this.#zone.generation);
    if (known) send(known);
    if (!view || known) return;
    const query = parseQuery(message);
    const own = query ? this.#answer(view, message, query, byTcp) : refusal(message);
    if (own) {
      if (query) hot?.put(message, own, this.#zone.generation);
      send(own);
    } else if (query) this.#forward(view, message, query, { byTcp, send });
  }

  #answer(view: SandboxView, bytes: Uint8Array, query: Query, byTcp: boolean): Uint8Array | undefined {
    const maxBytes = byTcp ? MOST_TCP_BYTES : query.maxUdpBytes;
    return answerLocally(this.#zone, view, { bytes, query, maxBytes });
  }

  #forward(
    view: SandboxView,
    message: Uint8Array,
    query: Query,
    { byTcp, send }: { readonly byTcp: boolean; readonly send: (answer: Uint8Array) => void },
  ): void {
    const served = this.#served.get(view.id);
    const forwarder = view.resolvers === "host" ? this.#hostResolvers.forwarder() : served?.forwarder;
    const key = cacheKey(message, query);
    const remembered = forwarder?.remembered(key, message, query);
    if (remembered || !served || !forwarder || served.forwarded >= MOST_FORWARDED) {
      send(remembered ?? failure(message, query));
      return;
    }
    const kept = new Uint8Array(message); // the socket uses its buffer again, and slice() of a Buffer is no copy
    served.forwarded++;
    void forwarder
      .ask(kept, query, byTcp, key)
      .then((answer) => send(answer ?? failure(kept, query)))
      .catch(() => {}) // the client has gone
      .finally(() => served.forwarded--);
  }
}

function failure(message: Uint8Array, query: Query): Uint8Array {
  return writeAnswer(message, query, { rcode: RCODE.SERVFAIL, records: [], ttl: 0 }, MOST_TCP_BYTES);
}

function sameResolvers(before: SandboxView, after: SandboxView): boolean {
  return String(before.resolvers) === String(after.resolvers);
}

/** The resolvers of the host's file as it is now: they change when a VPN comes up or a laptop moves. */
class HostResolvers implements Disposable {
  readonly #path: string;
  readonly #port: number | undefined;
  #addresses = "";
  #forwarder: Forwarder | undefined;
  #readMs = Number.NEGATIVE_INFINITY;

  constructor(path: string, port: number | undefined) {
    this.#path = path;
    this.#port = port;
  }

  forwarder(): Forwarder | undefined {
    if (performance.now() - this.#readMs < HOST_RESOLVERS_MS) return this.#forwarder;
    this.#readMs = performance.now();
    const addresses = this.#read();
    if (String(addresses) === this.#addresses) return this.#forwarder;
    this.#addresses = String(addresses);
    this.#forwarder?.[Symbol.dispose]();
    const inside = <T>(work: () => T): T => work();
    this.#forwarder =
      addresses.length === 0
        ? undefined
        : new Forwarder(addresses, { inside, ...(this.#port === undefined ? {} : { port: this.#port }) });
    return this.#forwarder;
  }

  #read(): string[] {
    try {
      // Ours would ask ourselves: the daemon itself runs in a container.
      return nameserversOf(readFileSync(this.#path, "utf8")).filter(
        (address) => address !== NAME_SERVER_ADDRESS,
      );
    } catch {
      return [];
    }
  }

  [Symbol.dispose](): void {
    this.#forwarder?.[Symbol.dispose]();
  }
}

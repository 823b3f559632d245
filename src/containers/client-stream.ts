import { Duplex } from "node:stream";
import { DETACH_KEYS_MAX } from "#runtime/shim/protocol.ts";
import type { DirectConnection } from "#runtime/types.ts";
import { DetachMatcher } from "./detach-keys.ts";

/** Whether a supervisor watches for these keys. */
export function areWatchable(keys: Uint8Array | undefined): boolean {
  return keys === undefined || keys.byteLength <= DETACH_KEYS_MAX;
}

interface Offer {
  readonly connection: OfferedConnection;
  readonly settle: (isTaken: boolean) => void;
}

/** So often somebody looks whether a client that waits, unread, is still there. */
const LOOK_EVERY_MS = 5000;

/** A client's own socket, unread since its request, for a supervisor to take. */
export interface OfferedConnection {
  readonly fd: number;
  /** Closes our hold on it, without ending the connection. */
  release(): void;
}

export interface ClientStreamOptions {
  /** Takes offered connections; absent where bytes must pass through here. Tells whether a client has gone. */
  readonly isHungUp?: (fd: number) => boolean;
  /** The key sequence that lets go, where the client types at a terminal; whoever reads the client watches for it. */
  readonly detachKeys?: Uint8Array | undefined;
  readonly onDetach?: () => void;
}

/**
 * What a client holds before there is anything to connect it to: input waits, output comes once `connect` was called.
 * Afterwards it stands between client and process, for those who want the log first or may type the detach keys.
 */
export class ClientStream extends Duplex {
  readonly #detachKeys: Uint8Array | undefined;
  readonly #matcher: DetachMatcher | undefined;
  readonly #onDetach: (() => void) | undefined;
  readonly #isHungUp: ((fd: number) => boolean) | undefined;
  #offer: Offer | undefined;
  #inner: Duplex | undefined;
  /** Input that came before the connection. */
  #waitingInput: (() => void) | undefined;
  #readOn: (() => void) | undefined;
  /** Nobody reads input any more: detached, or never connected. */
  #isOver = false;
  #hasEnded = false;

  constructor(options: ClientStreamOptions = {}) {
    super();
    this.#detachKeys = options.detachKeys;
    this.#matcher = options.detachKeys && new DetachMatcher(options.detachKeys);
    this.#onDetach = options.onDetach;
    this.#isHungUp = options.isHungUp;
  }

  /**
   * Offers the client's own connection to the process that is to come.
   * @returns whether it was taken; if not, the client is to be joined with this stream
   */
  async offer(connection: OfferedConnection): Promise<boolean> {
    const isHungUp = this.#isHungUp;
    if (!isHungUp || !areWatchable(this.#detachKeys) || this.#inner || this.#isOver || this.destroyed)
      return false;
    const { promise, resolve } = Promise.withResolvers<boolean>();
    const look = setInterval(() => isHungUp(connection.fd) && this.destroy(), LOOK_EVERY_MS);
    look.unref();
    this.#offer = { connection, settle: resolve };
    try {
      return await promise;
    } finally {
      clearInterval(look);
    }
  }

  /** For the supervisor that is being started: the connection it may inherit. */
  takeOffer(): DirectConnection | undefined {
    const offer = this.#offer;
    if (!offer || this.#isHungUp?.(offer.connection.fd)) return undefined;
    return {
      fd: offer.connection.fd,
      detachKeys: this.#detachKeys,
      taken: () => {
        offer.connection.release();
        this.#settleOffer(true);
        this.destroy();
      },
    };
  }

  #settleOffer(isTaken: boolean): void {
    this.#offer?.settle(isTaken);
    this.#offer = undefined;
  }

  /** @param before is delivered first, in the order it comes; what the process says meanwhile waits behind it */
  connect(inner: Duplex, before?: AsyncIterable<Uint8Array>): void {
    if (this.destroyed) {
      inner.destroy();
      return;
    }
    this.#inner = inner;
    this.#settleOffer(false);
    inner.on("error", () => {}); // a process that has gone reads no input: its end comes as "close"
    void this.#deliver(inner, before);
    this.#waitingInput?.();
    this.#waitingInput = undefined;
  }

  /** There will be nothing to connect to: the client sees the end. */
  endUnconnected(): void {
    this.#isOver = true;
    this.#settleOffer(false);
    this.#endOutput();
    this.end();
    this.#waitingInput?.();
  }

  override _read(): void {
    this.#readOn?.();
  }

  override _write(chunk: Uint8Array, _encoding: string, done: (error?: Error | null) => void): void {
    if (this.#isOver) done();
    else if (!this.#inner) this.#waitingInput = () => this._write(chunk, _encoding, done);
    else if (this.#matcher) this.#writeMatched(this.#inner, this.#matcher, chunk, done);
    else this.#inner.write(chunk, () => done());
  }

  override _final(done: (error?: Error | null) => void): void {
    if (this.#isOver) done();
    else if (this.#inner) this.#inner.end(() => done());
    else this.#waitingInput = () => this._final(done);
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#inner?.destroy();
    this.#settleOffer(false);
    done(error);
  }

  #writeMatched(
    inner: Duplex,
    matcher: DetachMatcher,
    chunk: Uint8Array,
    done: (error?: Error | null) => void,
  ): void {
    const { input, detached } = matcher.push(chunk);
    if (detached) this.#detach(inner);
    if (input.length > 0 && !detached) inner.write(input, () => done());
    else done();
  }

  #detach(inner: Duplex): void {
    this.#isOver = true;
    inner.removeAllListeners("data");
    inner.destroy();
    this.#endOutput();
    this.#onDetach?.();
  }

  async #deliver(inner: Duplex, before: AsyncIterable<Uint8Array> | undefined): Promise<void> {
    try {
      for await (const chunk of before ?? []) {
        if (this.destroyed || this.#hasEnded) return;
        if (!this.push(chunk)) await this.#isReadOn();
      }
    } catch (error) {
      this.destroy(error as Error);
      return;
    }
    this.#readOn = () => inner.resume();
    inner.on("data", (chunk: Uint8Array) => {
      if (!this.push(chunk)) inner.pause();
    });
    inner.on("end", () => this.#endOutput());
    inner.on("close", () => this.#endOutput());
    if (inner.closed) this.#endOutput();
  }

  #isReadOn(): Promise<void> {
    return new Promise((readOn) => {
      this.#readOn = readOn;
    });
  }

  #endOutput(): void {
    if (this.#hasEnded) return;
    this.#hasEnded = true;
    this.push(null);
  }
}

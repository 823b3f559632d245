import { Unavailable } from "#base/errors.ts";
import type { EventMessage } from "#spec/docker/events.ts";

export interface ReaderOptions {
  readonly matches: (message: EventMessage) => boolean;
  /** One more unread event than this ends the reader with an error. */
  readonly maxUnread: number;
  readonly onEnd: () => void;
}

/** One subscriber's queue between the bus, which never waits, and its reading loop. */
export class Reader {
  readonly matches: (message: EventMessage) => boolean;
  readonly #options: ReaderOptions;
  readonly #ended = new AbortController();
  #unread: EventMessage[] = [];
  #wake: (() => void) | undefined;
  #failure: Unavailable | undefined;

  constructor(options: ReaderOptions) {
    this.#options = options;
    this.matches = options.matches;
  }

  /** Fires when the reader takes no more events. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  offer(message: EventMessage): void {
    if (!this.matches(message)) return;
    if (this.#unread.length >= this.#options.maxUnread) {
      this.#failure = new Unavailable(
        `event stream ended: its reader left ${this.#options.maxUnread} events unread`,
      );
      this.#unread = [];
      this.end();
      return;
    }
    this.#unread.push(message);
    this.#wake?.();
  }

  /** @returns undefined at the end @throws Unavailable when the reader was too slow */
  async next(): Promise<EventMessage | undefined> {
    for (;;) {
      if (this.#failure) throw this.#failure;
      const message = this.#unread.shift();
      if (message || this.ended.aborted) return message;
      await new Promise<void>((wake) => {
        this.#wake = wake;
      });
    }
  }

  /** No more events come; those unread can still be read. */
  end(): void {
    if (this.ended.aborted) return;
    this.#ended.abort();
    this.#options.onEnd();
    this.#wake?.();
  }
}

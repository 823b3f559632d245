import type { Clock } from "#base/clock.ts";
import type { Log } from "#base/log.ts";
import type { EventMessage } from "#spec/docker/events.ts";
import { compileFilter } from "./filter.ts";
import type { Journal } from "./journal.ts";
import { toMessage } from "./make.ts";
import { Reader } from "./reader.ts";
import type { EventFilter, Events, NewEvent } from "./types.ts";

/** Events one reader may leave unread before it is ended. */
const MAX_UNREAD = 4096;
/** Two events are at least this far apart: less would be lost in the API's number of nanoseconds. */
const TICK_NANOS = 1000;

export interface EventsDeps {
  readonly clock: Clock;
  readonly journal: Pick<Journal, "append" | "read">;
  readonly log?: Pick<Log, "warn">;
}

export function createEvents(deps: EventsDeps): Events {
  return new EventBus(deps);
}

interface Subscription {
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly filters?: EventFilter;
  readonly signal?: AbortSignal;
}

class EventBus implements Events {
  readonly #deps: EventsDeps;
  readonly #readers = new Set<Reader>();
  #lastNano = 0;

  constructor(deps: EventsDeps) {
    this.#deps = deps;
  }

  emit(event: NewEvent): void {
    this.#lastNano = Math.max(this.#deps.clock.now() * 1e6, this.#lastNano + TICK_NANOS);
    const message = toMessage(event, this.#lastNano);
    try {
      this.#deps.journal.append(message);
    } catch (error) {
      // A full disk costs the past, never what is happening: whoever tells of it must not fail for that.
      this.#deps.log?.warn("an event could not be kept", { action: event.action, error });
    }
    for (const reader of this.#readers) reader.offer(message);
  }

  subscribe(request: Subscription): AsyncIterable<EventMessage> {
    const matches = compileFilter(request.filters);
    const reader = new Reader({ matches, maxUnread: MAX_UNREAD, onEnd: () => this.#readers.delete(reader) });
    this.#readers.add(reader); // now, not at the first read: nothing that happens in between is missed
    this.#lastNano = Math.max(this.#deps.clock.now() * 1e6, this.#lastNano); // all later events are later in time too
    if (request.signal?.aborted) reader.end();
    request.signal?.addEventListener("abort", () => reader.end(), { once: true });
    return this.#read(request, reader, this.#lastNano);
  }

  listeners(): number {
    return this.#readers.size;
  }

  async *#read(request: Subscription, reader: Reader, subscribedNano: number): AsyncGenerator<EventMessage> {
    const untilNano = (request.untilMs ?? Number.POSITIVE_INFINITY) * 1e6;
    try {
      if (request.sinceMs !== undefined || request.untilMs !== undefined) {
        const sinceNano = (request.sinceMs ?? 0) * 1e6;
        for (const message of this.#deps.journal.read(sinceNano, Math.min(untilNano, subscribedNano)))
          if (reader.matches(message)) yield message;
      }
      if (request.untilMs !== undefined) void this.#endAt(request.untilMs, reader);
      for (let message = await reader.next(); message; message = await reader.next()) {
        if (message.timeNano > untilNano) return;
        yield message;
      }
    } finally {
      reader.end();
    }
  }

  async #endAt(untilMs: number, reader: Reader): Promise<void> {
    await this.#deps.clock.sleep(Math.max(0, untilMs - this.#deps.clock.now()), reader.ended);
    reader.end();
  }
}

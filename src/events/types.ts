/** The engine's public history: every transition, with Docker's names and attributes. */
import type { EventMessage, EventType } from "#spec/docker/events.ts";

export interface NewEvent {
  readonly type: EventType;
  readonly action: string;
  readonly id: string;
  readonly attributes?: Readonly<Record<string, string>>;
}

export interface EventFilter {
  readonly [key: string]: readonly string[];
}

export interface Events {
  emit(event: NewEvent): void;
  /**
   * Past events from the journal, then live ones; ends at `untilMs` or when the signal fires.
   * A reader that falls too far behind is ended with an error, never waited for.
   */
  subscribe(request: {
    readonly sinceMs?: number;
    readonly untilMs?: number;
    readonly filters?: EventFilter;
    readonly signal?: AbortSignal;
  }): AsyncIterable<EventMessage>;
  listeners(): number;
}

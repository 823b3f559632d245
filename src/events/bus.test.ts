import { describe, expect, test } from "bun:test";
import { type Clock, systemClock } from "#base/clock.ts";
import { Unavailable } from "#base/errors.ts";
import type { EventMessage } from "#spec/docker/events.ts";
import { fakeJournalStore } from "../../test/fakes/journal-store.ts";
import { createEvents } from "./bus.ts";
import { Journal } from "./journal.ts";
import type { Events } from "./types.ts";

function makeEvents(startMs = 1_000_000): { events: Events; clock: Clock & { ms: number } } {
  const clock = { ms: startMs, now: () => clock.ms, sleep: systemClock.sleep };
  const journal = new Journal(fakeJournalStore());
  return { events: createEvents({ clock, journal }), clock };
}

const start = (id: string) => ({ type: "container", action: "start", id }) as const;

async function idsOf(messages: AsyncIterable<EventMessage>): Promise<string[]> {
  return await Array.fromAsync(messages, (message) => message.Actor.ID);
}

describe("createEvents()", () => {
  test("subscribe() sees every event from the moment of the call", async () => {
    const { events } = makeEvents();
    const stop = new AbortController();
    const messages = events.subscribe({ signal: stop.signal });
    events.emit(start("a"));
    events.emit(start("b"));
    stop.abort();
    expect(await idsOf(messages)).toEqual(["a", "b"]);
    expect(events.listeners()).toBe(0);
  });

  test("subscribe() reads the past once and then goes on live", async () => {
    const { events, clock } = makeEvents();
    events.emit(start("too old"));
    clock.ms += 1000;
    events.emit(start("past"));
    const stop = new AbortController();
    const messages = events.subscribe({ sinceMs: clock.ms, signal: stop.signal });
    events.emit(start("same millisecond"));
    stop.abort();
    expect(await idsOf(messages)).toEqual(["past", "same millisecond"]);
  });

  test("subscribe() without since starts with nothing of the past", async () => {
    const { events } = makeEvents();
    events.emit(start("past"));
    const stop = new AbortController();
    const messages = events.subscribe({ signal: stop.signal });
    stop.abort();
    expect(await idsOf(messages)).toEqual([]);
  });

  test("subscribe() ends by itself at until", async () => {
    const { events, clock } = makeEvents();
    events.emit(start("a"));
    clock.ms += 1000;
    events.emit(start("b"));
    expect(await idsOf(events.subscribe({ untilMs: clock.ms - 500 }))).toEqual(["a"]);
    expect(await idsOf(events.subscribe({ untilMs: clock.ms + 20 }))).toEqual(["a", "b"]);
    expect(events.listeners()).toBe(0);
  });

  test("subscribe() ends a reader that reads too slowly with an error", async () => {
    const { events } = makeEvents();
    const messages = events.subscribe({});
    for (let at = 0; at < 5000; at++) events.emit(start(`${at}`));
    expect(events.listeners()).toBe(0);
    await expect(idsOf(messages)).rejects.toBeInstanceOf(Unavailable);
  });

  test("subscribe() forgets a reader that leaves its loop", async () => {
    const { events } = makeEvents();
    const messages = events.subscribe({});
    events.emit(start("a"));
    for await (const _ of messages) break;
    expect(events.listeners()).toBe(0);
  });

  test("emit() reaches live readers when the journal cannot be written", async () => {
    const append = () => {
      throw new Error("disk full");
    };
    const warnings: string[] = [];
    const log = { warn: (text: string) => void warnings.push(text) };
    const journal = { append, read: function* () {} };
    const events = createEvents({ clock: systemClock, journal, log });
    const stop = new AbortController();
    const messages = events.subscribe({ signal: stop.signal });
    events.emit(start("a"));
    stop.abort();
    expect(await idsOf(messages)).toEqual(["a"]);
    expect(warnings).toEqual(["an event could not be kept"]);
  });

  test("emit() gives two events of one millisecond different times", async () => {
    const { events } = makeEvents(1_795_219_200_000);
    const messages = events.subscribe({ untilMs: 1_795_219_200_001 });
    events.emit(start("a"));
    events.emit(start("b"));
    const [a, b] = await Array.fromAsync(messages);
    expect(a!.timeNano).toBeLessThan(b!.timeNano);
    expect(a!.time).toBe(1_795_219_200);
  });
});

import { describe, expect, test } from "bun:test";
import { fakeJournalStore } from "../../test/fakes/journal-store.ts";
import { Journal } from "./journal.ts";
import { toMessage } from "./make.ts";

const at = (nano: number) => toMessage({ type: "container", action: "start", id: `${nano}` }, nano);

const idsOf = (journal: Journal, since: number, until: number) =>
  [...journal.read(since, until)].map((message) => message.Actor.ID);

describe("Journal", () => {
  test("read() gives the events between two times in order, over page borders", () => {
    const journal = new Journal(fakeJournalStore());
    for (let nano = 1; nano <= 1200; nano++) journal.append(at(nano));
    expect(idsOf(journal, 3, 5)).toEqual(["3", "4", "5"]);
    expect(idsOf(journal, 0, Number.POSITIVE_INFINITY)).toHaveLength(1200);
  });

  test("append() keeps about the newest maxEntries, also those of an earlier daemon", () => {
    const store = fakeJournalStore();
    const bounds = { maxEntries: 100, maxAgeMs: 1e9 };
    const first = new Journal(store, bounds);
    for (let nano = 1; nano <= 200; nano++) first.append(at(nano));
    const second = new Journal(store, bounds);
    for (let nano = 201; nano <= 328; nano++) second.append(at(nano));
    expect(idsOf(second, 0, 1e9)).toEqual(Array.from({ length: 100 }, (_, i) => `${229 + i}`));
  });

  test("append() drops events older than maxAgeMs", () => {
    const journal = new Journal(fakeJournalStore(), { maxEntries: 1e6, maxAgeMs: 1 });
    for (let step = 0; step < 128; step++) journal.append(at(step * 100_000));
    expect(idsOf(journal, 0, 1e9)[0]).toBe(`${117 * 100_000}`);
  });
});

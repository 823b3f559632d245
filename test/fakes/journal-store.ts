import type { JournalEntry, JournalStore } from "#events/journal.ts";

/** A journal's place to write that forgets with the process. */
export function fakeJournalStore(): JournalStore {
  const entries = new Map<string, JournalEntry>();
  const keys = () => [...entries.keys()].sort();
  return {
    put: (entry) => void entries.set(entry.key, entry),
    listFrom: (from, limit) => {
      const wanted = keys().filter((key) => key >= from);
      return wanted.slice(0, limit).map((key) => entries.get(key)!);
    },
    keysWithPrefix: (_prefix, limit) => keys().slice(0, limit),
    deleteBefore: (before) => {
      const old = keys().filter((key) => key < before);
      for (const key of old) entries.delete(key);
      return old.length;
    },
    count: () => entries.size,
  };
}

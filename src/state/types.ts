/**
 * What survives a restart: typed collections of plain JSON values, in one SQLite file.
 *
 * All calls are synchronous: a change is one transaction of some 20 µs, and no other code of the daemon can run between
 * its steps. Values handed out are copies: changing one changes nothing until `put`.
 */
export interface StateStore extends Disposable {
  /** A collection; the same name always gives the same data. */
  collection<T>(definition: CollectionDefinition<T>): Collection<T>;
  /** Everything `work` writes happens or nothing does. `work` must not await. May nest. */
  transaction<R>(work: () => R): R;
}

export interface CollectionDefinition<T> {
  readonly name: string;
  readonly key: (value: T) => string;
  /** Named lookups beside the key: each gives the index keys of one value. */
  readonly indexes?: Readonly<Record<string, (value: T) => readonly string[]>>;
  /** Index names whose keys belong to at most one value. */
  readonly unique?: readonly string[];
}

export interface Collection<T> {
  get(key: string): T | undefined;
  /** @throws Conflict when a unique index key belongs to another value */
  put(value: T): void;
  /** @returns whether there was one */
  delete(key: string): boolean;
  /** In key order. */
  list(): T[];
  find(index: string, indexKey: string): T[];
  /** Keys that begin so; at most `limit`. */
  keysWithPrefix(prefix: string, limit: number): string[];
  /** Values whose key is `from` or later, in key order; at most `limit`. */
  listFrom(from: string, limit: number): T[];
  /** @returns how many there were */
  deleteBefore(key: string): number;
  count(): number;
}

import type { Database, Statement } from "bun:sqlite";
import { Conflict } from "#base/errors.ts";
import type { Collection, CollectionDefinition } from "./types.ts";

type Row = { readonly value: string };
type KeyRow = { readonly key: string };
type IndexRow = { readonly name: string; readonly index_key: string };

/** The store a collection belongs to. */
export interface CollectionOwner {
  transaction<R>(work: () => R): R;
  /** A single statement was written, which SQLite makes a transaction of its own. */
  written(): void;
}

/** One collection in SQLite: values as JSON text, statements prepared once. */
export class SqliteCollection<T> implements Collection<T> {
  readonly #definition: CollectionDefinition<T>;
  readonly #statements: Statements;
  readonly #owner: CollectionOwner;

  constructor(db: Database, definition: CollectionDefinition<T>, owner: CollectionOwner) {
    this.#definition = definition;
    this.#owner = owner;
    this.#statements = prepareStatements(db);
    for (const index of Object.keys(definition.indexes ?? {})) this.#buildIfMissing(index);
  }

  get(key: string): T | undefined {
    const row = this.#statements.get.get(this.#definition.name, key);
    return row ? (JSON.parse(row.value) as T) : undefined;
  }

  put(value: T): void {
    const key = this.#definition.key(value);
    this.#change(() => {
      if (this.#definition.indexes) this.#updateIndexes(key, value);
      this.#statements.put.run(this.#definition.name, key, JSON.stringify(value));
    });
  }

  delete(key: string): boolean {
    return this.#change(() => {
      if (this.#definition.indexes) this.#statements.deleteIndexes.run(this.#definition.name, key);
      return this.#statements.delete.run(this.#definition.name, key).changes > 0;
    });
  }

  list(): T[] {
    return parseAll(this.#statements.list.all(this.#definition.name));
  }

  find(index: string, indexKey: string): T[] {
    if (!this.#definition.indexes?.[index])
      throw new Error(`collection ${this.#definition.name} has no index ${index}`);
    return parseAll(this.#statements.find.all(this.#definition.name, index, indexKey));
  }

  keysWithPrefix(prefix: string, limit: number): string[] {
    const rows = this.#statements.keysBetween.all(
      this.#definition.name,
      prefix,
      `${prefix}\u{10ffff}`,
      limit,
    );
    return rows.map((row) => row.key);
  }

  listFrom(from: string, limit: number): T[] {
    return parseAll(this.#statements.listFrom.all(this.#definition.name, from, limit));
  }

  deleteBefore(key: string): number {
    return this.#change(() => {
      if (this.#definition.indexes) this.#statements.deleteIndexesBefore.run(this.#definition.name, key);
      return this.#statements.deleteBefore.run(this.#definition.name, key).changes;
    });
  }

  count(): number {
    return this.#statements.count.get(this.#definition.name)!.count;
  }

  /** Lets go of the prepared statements, so that the file can be closed. */
  close(): void {
    for (const statement of Object.values(this.#statements)) (statement as Statement).finalize();
  }

  /** Without indexes a change is one statement, which needs no transaction around it. */
  #change<R>(work: () => R): R {
    if (this.#definition.indexes) return this.#owner.transaction(work);
    const result = work();
    this.#owner.written();
    return result;
  }

  /** Most writes change a value but none of its index keys: those touch no index row. */
  #updateIndexes(key: string, value: T): void {
    const wanted = new Map<string, IndexRow>();
    for (const [name, keysOf] of Object.entries(this.#definition.indexes ?? {}))
      for (const index_key of keysOf(value)) wanted.set(`${name}\0${index_key}`, { name, index_key });
    for (const row of this.#statements.indexesOf.all(this.#definition.name, key)) {
      if (wanted.delete(`${row.name}\0${row.index_key}`)) continue;
      this.#statements.deleteIndex.run(this.#definition.name, row.name, row.index_key, key);
    }
    for (const row of wanted.values()) this.#addIndexKey(row.name, row.index_key, key);
  }

  #addIndexKey(index: string, indexKey: string, key: string): void {
    if (this.#definition.unique?.includes(index)) {
      const owner = this.#statements.owner.get(this.#definition.name, index, indexKey);
      if (owner)
        throw new Conflict(`${this.#definition.name}: ${index} "${indexKey}" belongs to ${owner.key}`);
    }
    this.#statements.putIndex.run(this.#definition.name, index, indexKey, key);
  }

  #buildIfMissing(index: string): void {
    if (this.#statements.isBuilt.get(this.#definition.name, index)) return;
    this.#statements.dropIndex.run(this.#definition.name, index);
    for (const value of this.list())
      for (const indexKey of this.#definition.indexes![index]!(value))
        this.#addIndexKey(index, indexKey, this.#definition.key(value));
    this.#statements.markBuilt.run(this.#definition.name, index);
  }
}

function parseAll<T>(rows: readonly Row[]): T[] {
  return rows.map((row) => JSON.parse(row.value) as T);
}

type Statements = ReturnType<typeof prepareStatements>;

function prepareStatements(db: Database) {
  const entries = "FROM entries WHERE collection = ?1";
  const indexes = "FROM index_entries WHERE collection = ?1";
  return {
    get: db.prepare<Row, [string, string]>(`SELECT value ${entries} AND key = ?2`),
    put: db.prepare<unknown, [string, string, string]>(
      "INSERT INTO entries VALUES (?1, ?2, ?3) ON CONFLICT DO UPDATE SET value = excluded.value",
    ),
    delete: db.prepare<unknown, [string, string]>(`DELETE ${entries} AND key = ?2`),
    list: db.prepare<Row, [string]>(`SELECT value ${entries} ORDER BY key`),
    listFrom: db.prepare<Row, [string, string, number]>(
      `SELECT value ${entries} AND key >= ?2 ORDER BY key LIMIT ?3`,
    ),
    keysBetween: db.prepare<KeyRow, [string, string, string, number]>(
      `SELECT key ${entries} AND key >= ?2 AND key < ?3 ORDER BY key LIMIT ?4`,
    ),
    deleteBefore: db.prepare<unknown, [string, string]>(`DELETE ${entries} AND key < ?2`),
    count: db.prepare<{ count: number }, [string]>(`SELECT count(*) AS count ${entries}`),
    find: db.prepare<Row, [string, string, string]>(
      `SELECT e.value FROM index_entries i JOIN entries e ON e.collection = i.collection AND e.key = i.key
       WHERE i.collection = ?1 AND i.name = ?2 AND i.index_key = ?3 ORDER BY i.key`,
    ),
    indexesOf: db.prepare<IndexRow, [string, string]>(`SELECT name, index_key ${indexes} AND key = ?2`),
    owner: db.prepare<KeyRow, [string, string, string]>(
      `SELECT key ${indexes} AND name = ?2 AND index_key = ?3`,
    ),
    putIndex: db.prepare<unknown, [string, string, string, string]>(
      "INSERT OR REPLACE INTO index_entries VALUES (?1, ?2, ?3, ?4)",
    ),
    deleteIndex: db.prepare<unknown, [string, string, string, string]>(
      `DELETE ${indexes} AND name = ?2 AND index_key = ?3 AND key = ?4`,
    ),
    deleteIndexes: db.prepare<unknown, [string, string]>(`DELETE ${indexes} AND key = ?2`),
    deleteIndexesBefore: db.prepare<unknown, [string, string]>(`DELETE ${indexes} AND key < ?2`),
    dropIndex: db.prepare<unknown, [string, string]>(`DELETE ${indexes} AND name = ?2`),
    isBuilt: db.prepare<unknown, [string, string]>(
      "SELECT 1 FROM built_indexes WHERE collection = ?1 AND name = ?2",
    ),
    markBuilt: db.prepare<unknown, [string, string]>("INSERT INTO built_indexes VALUES (?1, ?2)"),
  };
}

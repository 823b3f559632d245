import type { Database } from "bun:sqlite";

/**
 * Settings of every connection. WAL with `synchronous=NORMAL` writes a change without waiting for the disk: a killed
 * daemon loses nothing, a power cut at most the last moments, and the file stays whole either way.
 *
 * SQLite would copy the WAL back, with two fsyncs, in the middle of whichever change fills it. `sqlite.ts` does that
 * when nothing happens instead; the limit here (16 MiB) only bounds the file while the daemon is never idle.
 *
 * The file is locked for as long as it is open: nobody else may write it, and a change costs half without taking and
 * giving back locks (13 instead of 29 µs for a container's record).
 * @see https://www.sqlite.org/wal.html
 */
export function configureConnection(db: Database): void {
  db.run("PRAGMA locking_mode = EXCLUSIVE");
  db.run("PRAGMA journal_mode = WAL");
  db.run("PRAGMA synchronous = NORMAL");
  db.run("PRAGMA wal_autocheckpoint = 4096");
}

/**
 * `entries` holds every value of every collection as JSON. `index_entries` points from an index key to the keys of the
 * values that have it. `built_indexes` names the indexes that are complete: one that a newer program adds is built from
 * the values when its collection is first opened, and a migration that changes what an index holds deletes its row here.
 */
export function createTables(db: Database): void {
  db.run(`CREATE TABLE entries (
    collection TEXT NOT NULL, key TEXT NOT NULL, value TEXT NOT NULL,
    PRIMARY KEY (collection, key)) STRICT`);
  db.run(`CREATE TABLE index_entries (
    collection TEXT NOT NULL, name TEXT NOT NULL, index_key TEXT NOT NULL, key TEXT NOT NULL,
    PRIMARY KEY (collection, name, index_key, key)) WITHOUT ROWID, STRICT`);
  db.run("CREATE INDEX index_entries_by_key ON index_entries (collection, key)");
  db.run(`CREATE TABLE built_indexes (
    collection TEXT NOT NULL, name TEXT NOT NULL,
    PRIMARY KEY (collection, name)) WITHOUT ROWID, STRICT`);
}

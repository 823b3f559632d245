import { Database, type Statement } from "bun:sqlite";
import { open } from "node:fs/promises";
import { EngineError, Internal } from "#base/errors.ts";
import { SqliteCollection } from "./collection.ts";
import { migrate } from "./migrations.ts";
import { configureConnection } from "./sqlite-schema.ts";
import type { Collection, CollectionDefinition, StateStore } from "./types.ts";

/** How long nothing must have been written before the WAL is copied back into the file. */
const IDLE_BEFORE_CHECKPOINT_MS = 2000;
/** A disk that takes longer to confirm a few pages is busy with something else, such as an image's files. */
const PROMPT_SYNC_MS = 20;

/**
 * The single-node store. One process at a time opens a file; the daemon's lock on its data root sees to that.
 * @param path absolute; made when missing, brought to this program's version when older
 * @throws Conflict when a newer program wrote the file; Internal when it is damaged or cannot be opened
 */
export function openState(path: string): StateStore {
  let db: Database | undefined;
  try {
    db = new Database(path, { create: true, strict: true });
    configureConnection(db);
    migrate(db, path);
    return new SqliteState(db);
  } catch (error) {
    db?.close();
    if (error instanceof EngineError) throw error;
    throw new Internal(`cannot open state ${path}: ${(error as Error).message}`, { cause: error });
  }
}

class SqliteState implements StateStore {
  readonly #db: Database;
  readonly #collections = new Map<string, SqliteCollection<unknown>>();
  readonly #begin: Statement;
  readonly #commit: Statement;
  #depth = 0;
  #lastWriteMs = 0;
  #isClosed = false;
  /** Runs while there is something to copy back. */
  #checkpointTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(db: Database) {
    this.#db = db;
    this.#begin = db.prepare("BEGIN IMMEDIATE");
    this.#commit = db.prepare("COMMIT");
  }

  collection<T>(definition: CollectionDefinition<T>): Collection<T> {
    const known = this.#collections.get(definition.name);
    if (known) return known as unknown as Collection<T>;
    const made = this.transaction(
      () =>
        new SqliteCollection(this.#db, definition, {
          transaction: (work) => this.transaction(work),
          written: () => this.#noteWrite(),
        }),
    );
    this.#collections.set(definition.name, made as unknown as SqliteCollection<unknown>);
    return made;
  }

  transaction<R>(work: () => R): R {
    const savepoint = this.#depth === 0 ? undefined : `nested_${this.#depth}`;
    if (savepoint) this.#db.run(`SAVEPOINT ${savepoint}`);
    else this.#begin.run();
    this.#depth += 1;
    try {
      const result = work();
      if (result instanceof Promise) throw new Error("a state transaction must not await");
      if (savepoint) this.#db.run(`RELEASE ${savepoint}`);
      else this.#commit.run();
      this.#noteWrite();
      return result;
    } catch (error) {
      // SQLite ends the transaction by itself on some failures, such as a full disk.
      if (this.#db.inTransaction)
        this.#db.run(savepoint ? `ROLLBACK TO ${savepoint}; RELEASE ${savepoint}` : "ROLLBACK");
      throw savepoint ? error : this.#named(error);
    } finally {
      this.#depth -= 1;
    }
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    clearTimeout(this.#checkpointTimer);
    for (const collection of this.#collections.values()) collection.close();
    for (const statement of [this.#begin, this.#commit]) statement.finalize();
    this.#db.run("PRAGMA optimize");
    this.#db.close(); // copies the WAL back and removes it
  }

  #noteWrite(): void {
    this.#lastWriteMs = performance.now();
    if (this.#checkpointTimer === undefined) this.#lookWhetherIdleIn(IDLE_BEFORE_CHECKPOINT_MS);
  }

  #lookWhetherIdleIn(ms: number): void {
    this.#checkpointTimer = setTimeout(() => void this.#checkpointWhenIdle(), ms);
    this.#checkpointTimer.unref();
  }

  async #checkpointWhenIdle(): Promise<void> {
    const leftMs = this.#lastWriteMs + IDLE_BEFORE_CHECKPOINT_MS - performance.now();
    if (leftMs > 0) {
      this.#lookWhetherIdleIn(leftMs);
      return;
    }
    const isDone = (await this.#isDiskPrompt()) && this.#checkpoint();
    if (this.#isClosed) return;
    this.#checkpointTimer = undefined;
    if (!isDone) this.#lookWhetherIdleIn(IDLE_BEFORE_CHECKPOINT_MS);
  }

  /**
   * Writes the WAL to the disk on another thread: what was changed is safe from a power cut then. Copying it back waits
   * for the disk twice on this thread, with all requests: only where the disk has just shown that it answers at once.
   */
  async #isDiskPrompt(): Promise<boolean> {
    const began = performance.now();
    try {
      await using wal = await open(`${this.#db.filename}-wal`, "r");
      await wal.utimes(new Date(), new Date()); // what is clean already would tell nothing of the disk
      await wal.sync();
    } catch {
      return false; // looked at again later
    }
    return performance.now() - began < PROMPT_SYNC_MS;
  }

  /** @returns false when it did not work: nothing is lost */
  #checkpoint(): boolean {
    if (this.#isClosed) return true;
    try {
      this.#db.run("PRAGMA wal_checkpoint(PASSIVE)");
      return true;
    } catch {
      return false; // a full disk: it waits for room
    }
  }

  /** SQLite says that something is full, not what. */
  #named(error: unknown): unknown {
    if ((error as { code?: string }).code !== "SQLITE_FULL") return error;
    this.#checkpoint(); // the next change may begin the WAL again from its start, and needs no room then
    return new Internal(`cannot save the engine's state in ${this.#db.filename}: no space left on device`, {
      cause: error,
      hint: "free disk space below the data root",
    });
  }
}

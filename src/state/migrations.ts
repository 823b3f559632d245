import type { Database } from "bun:sqlite";
import { Conflict } from "#base/errors.ts";
import { createTables } from "./sqlite-schema.ts";

export interface Migration {
  /** What the file's `user_version` is afterwards; one more than before. */
  readonly version: number;
  readonly name: string;
  readonly apply: (db: Database) => void;
}

/** Every step the file format ever took, in order. A released step is never edited: a new one is added. */
export const MIGRATIONS: readonly Migration[] = [{ version: 1, name: "first tables", apply: createTables }];

/**
 * Brings a file to the version this program knows, each step in a transaction of its own, so that a crash leaves a
 * whole file of some version.
 * @throws Conflict when a newer program wrote the file
 */
export function migrate(db: Database, path: string, migrations: readonly Migration[] = MIGRATIONS): void {
  const found = versionOf(db);
  const known = migrations.at(-1)?.version ?? 0;
  if (found > known)
    throw new Conflict(
      `cannot open state ${path}: it has version ${found}, this program knows up to ${known}`,
      {
        hint: "A newer version of the program wrote it: run that version, or restore a copy of the file from before the upgrade.",
      },
    );
  for (const step of migrations) {
    if (step.version <= found) continue;
    db.transaction(() => {
      step.apply(db);
      db.run(`PRAGMA user_version = ${step.version}`);
    })();
  }
}

export function versionOf(db: Database): number {
  return db.query<{ user_version: number }, []>("PRAGMA user_version").get()!.user_version;
}

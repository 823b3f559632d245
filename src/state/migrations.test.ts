import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { MIGRATIONS, type Migration, migrate, versionOf } from "./migrations.ts";

/** A file as version `version` left it, with one value where there are tables. */
function fileOfVersion(version: number): Database {
  const db = new Database(":memory:");
  migrate(db, "test", MIGRATIONS.slice(0, version));
  if (version >= 1) db.run(`INSERT INTO entries VALUES ('notes', '1', '{"id":"1"}')`);
  return db;
}

describe("migrate()", () => {
  for (const step of MIGRATIONS) {
    test(`brings a file of version ${step.version - 1} to version ${step.version} (${step.name})`, () => {
      using db = fileOfVersion(step.version - 1);
      const values = step.version > 1 ? 1 : 0;
      migrate(db, "test", MIGRATIONS.slice(0, step.version));
      expect(versionOf(db)).toBe(step.version);
      expect(db.query("SELECT * FROM entries").all()).toHaveLength(values);
    });
  }

  test("numbers its steps from one without gaps", () => {
    expect(MIGRATIONS.map((step) => step.version)).toEqual(MIGRATIONS.map((_, at) => at + 1));
  });

  test("does nothing to a file that is up to date", () => {
    using db = fileOfVersion(MIGRATIONS.length);
    migrate(db, "test");
    expect(db.query("SELECT * FROM entries").all()).toHaveLength(1);
  });

  test("leaves the file as it was when a step fails", () => {
    using db = fileOfVersion(MIGRATIONS.length);
    const failing: Migration = {
      version: MIGRATIONS.length + 1,
      name: "fails half way",
      apply: (file) => {
        file.run("DELETE FROM entries");
        throw new Error("half way");
      },
    };
    expect(() => migrate(db, "test", [...MIGRATIONS, failing])).toThrow("half way");
    expect(versionOf(db)).toBe(MIGRATIONS.length);
    expect(db.query("SELECT * FROM entries").all()).toHaveLength(1);
  });
});

import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testStateStore } from "../../test/suites/state-store.ts";
import { openState } from "./sqlite.ts";
import type { CollectionDefinition } from "./types.ts";

const directory = mkdtempSync(join(tmpdir(), "state-test-"));
let files = 0;
const freshPath = () => join(directory, `state-${++files}.db`);
afterAll(() => rmSync(directory, { recursive: true }));

testStateStore("openState()", () => openState(freshPath()));

describe("openState()", () => {
  const notes: CollectionDefinition<{ id: string; text: string }> = { name: "notes", key: (note) => note.id };

  test("finds after closing what was put before", () => {
    const path = freshPath();
    {
      using store = openState(path);
      store.collection(notes).put({ id: "1", text: "kept" });
    }
    using again = openState(path);
    expect(again.collection(notes).list()).toEqual([{ id: "1", text: "kept" }]);
  });

  test("keeps a change whose process was killed before closing", () => {
    const path = freshPath();
    const script = `
      import { openState } from ${JSON.stringify(join(import.meta.dir, "sqlite.ts"))};
      openState(${JSON.stringify(path)}).collection({ name: "notes", key: (n) => n.id }).put({ id: "1", text: "kept" });
      process.kill(process.pid, "SIGKILL");`;
    const child = Bun.spawnSync([process.execPath, "-e", script]);
    expect(child.signalCode).toBe("SIGKILL");
    using store = openState(path);
    expect(store.collection(notes).get("1")?.text).toBe("kept");
  });

  test("builds an index that is new to existing values", () => {
    const path = freshPath();
    {
      using store = openState(path);
      store.collection(notes).put({ id: "1", text: "red" });
    }
    using again = openState(path);
    const indexed = again.collection({ ...notes, indexes: { text: (note) => [note.text] } });
    expect(indexed.find("text", "red").map((note) => note.id)).toEqual(["1"]);
  });

  test("refuses a file of a newer version and says what to do", () => {
    const path = freshPath();
    openState(path)[Symbol.dispose]();
    const db = new Database(path);
    db.run("PRAGMA user_version = 99");
    db.close();
    expect(() => openState(path)).toThrow(/has version 99, this program knows up to \d+/);
  });

  test("copies the log back into the file when nothing happens", async () => {
    const path = freshPath();
    using store = openState(path);
    const before = statSync(path).size;
    const big = store.collection(notes);
    for (let n = 0; n < 100; n++) big.put({ id: `${n}`, text: "x".repeat(4000) });
    expect(statSync(path).size).toBe(before);
    await waitUntil(() => statSync(path).size > 400_000);
  });

  test("refuses a file that is open already", () => {
    const path = freshPath();
    using _first = openState(path);
    expect(() => openState(path)).toThrow(`cannot open state ${path}: database is locked`);
  });

  test("names the file that is no database", () => {
    const path = freshPath();
    writeFileSync(path, "not a database at all, but long enough to look like one".repeat(100));
    expect(() => openState(path)).toThrow(`cannot open state ${path}: file is not a database`);
  });
});

/** @throws by the test's own timeout */
async function waitUntil(holds: () => boolean): Promise<void> {
  while (!holds()) await Bun.sleep(50);
}

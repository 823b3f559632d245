import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { silentLog } from "#base/log.ts";
import { temporaryDirectory } from "../_testing/archives.ts";
import { NumberedDirectories } from "./directories.ts";

describe("NumberedDirectories", () => {
  let home: string;
  beforeEach(() => {
    home = temporaryDirectory();
  });
  afterEach(() => rmSync(home, { recursive: true }));

  const open = () => new NumberedDirectories(home, silentLog);

  test("counts on from the highest number that is there", () => {
    mkdirSync(join(home, "7"));
    const directories = open();
    expect([directories.create(), directories.create()]).toEqual([8, 9]);
    mkdirSync(directories.path(10));
    expect(directories.create()).toBe(11);
    expect(directories.list().toSorted((a, b) => a - b)).toEqual([7, 8, 9, 10, 11]);
  });

  test("discard() frees the name at once and the space soon", async () => {
    const directories = open();
    const number = directories.create();
    writeFileSync(directories.path(number, "file"), "x");
    directories.discard(number);
    directories.discard(number);
    expect(existsSync(directories.path(number))).toBe(false);
    await directories.settled();
    expect(readdirSync(join(home, "trash"))).toEqual([]);
  });

  test("emptyTrash() goes on where an earlier process was killed", async () => {
    mkdirSync(join(home, "trash/3-left/deep"), { recursive: true });
    const directories = open();
    directories.emptyTrash();
    await directories.settled();
    expect(readdirSync(join(home, "trash"))).toEqual([]);
  });
});

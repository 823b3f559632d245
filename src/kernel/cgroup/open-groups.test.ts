import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdtempSync, readdirSync, readlinkSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { OpenGroups } from "./open-groups.ts";

let directory: string;
let now = 0;
let groups: OpenGroups;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "wharf-open-groups-"));
  groups = new OpenGroups(() => now);
});
afterEach(() => {
  groups.close("/one");
  rmSync(directory, { recursive: true });
});

const pathOf = (file: string) => join(directory, file);

/** Files below the directory that this process has open. */
function openFiles(): string[] {
  return readdirSync("/proc/self/fd").flatMap((fd) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${fd}`);
      return target.startsWith(directory) ? [target] : [];
    } catch {
      return []; // of the listing itself
    }
  });
}

test("reader() reads what a file says now, through one descriptor", () => {
  for (const value of ["1", "22", "3"]) {
    writeFileSync(pathOf("pids.current"), value);
    expect(groups.reader("/one", pathOf)?.("pids.current")).toBe(value);
    expect(openFiles()).toEqual([pathOf("pids.current")]);
  }
  expect(groups.reader("/one", pathOf)?.("none")).toBeUndefined();
  expect(groups.reader("/one", () => undefined)?.("no.controller")).toBeUndefined();
  groups.close("/one");
  expect(openFiles()).toEqual([]);
});

test("sweep() closes what nobody looked at for half a minute", () => {
  writeFileSync(pathOf("pids.current"), "1");
  groups.reader("/one", pathOf)?.("pids.current");
  now += 29_000;
  groups.sweep();
  expect(openFiles()).toHaveLength(1);
  groups.reader("/one", pathOf);
  now += 29_000;
  groups.sweep();
  expect(openFiles()).toHaveLength(1);
  now += 1000;
  groups.sweep();
  expect(openFiles()).toEqual([]);
});

test("reader() keeps no more than 256 groups open", () => {
  for (let i = 0; i < 256; i++) expect(groups.reader(`/${i}`, pathOf)).toBeDefined();
  expect(groups.reader("/one", pathOf)).toBeUndefined();
  expect(groups.reader("/7", pathOf)).toBeDefined();
  groups.close("/7");
  expect(groups.reader("/one", pathOf)).toBeDefined();
});

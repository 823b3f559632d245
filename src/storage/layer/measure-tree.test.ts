import { afterEach, beforeEach, expect, test } from "bun:test";
import { linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { run } from "#base/spawn.ts";
import { measureTree } from "./measure-tree.ts";

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "wharf-measure-"));
});
afterEach(() => rmSync(directory, { recursive: true }));

test("measureTree() counts what du counts, without the directory itself", async () => {
  mkdirSync(join(directory, "a/b"), { recursive: true });
  writeFileSync(join(directory, "a/large"), Buffer.alloc(300_000, 1));
  writeFileSync(join(directory, "a/b/small"), "x");
  linkSync(join(directory, "a/large"), join(directory, "a/b/again"));
  symlinkSync("/etc", join(directory, "a/link"));
  writeFileSync(join(directory, "sparse"), "x");
  truncateSync(join(directory, "sparse"), 50 << 20);
  const du = async (...options: string[]) =>
    Number((await run(["du", "--block-size=1", ...options, directory])).stdout.split("\t")[0]);
  const itself = Number((await run(["stat", "-c", "%b", directory])).stdout) * 512;
  expect(measureTree(directory)).toBe((await du("-s")) - itself);
  expect(measureTree(directory)).toBeLessThan(2 << 20);
});

test("measureTree() of what is not there is 0", () => {
  expect(measureTree(join(directory, "missing"))).toBe(0);
});

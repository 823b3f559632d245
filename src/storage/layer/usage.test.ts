import { expect, test } from "bun:test";
import { linkSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryDirectory } from "../_testing/archives.ts";
import { diskUsage } from "./usage.ts";

test("diskUsage() counts each file once, in every directory, and no links", async () => {
  const home = temporaryDirectory();
  mkdirSync(join(home, "a/b"), { recursive: true });
  writeFileSync(join(home, "one"), "12345");
  linkSync(join(home, "one"), join(home, "a/one too"));
  symlinkSync("/etc/passwd", join(home, "a/link"));
  symlinkSync("/", join(home, "a/b/root"));
  for (let i = 0; i < 100; i++) writeFileSync(join(home, `a/b/${i}`), "x");
  expect(await diskUsage(home)).toBe(105);
  expect(await diskUsage(join(home, "not there"))).toBe(0);
  rmSync(home, { recursive: true });
});

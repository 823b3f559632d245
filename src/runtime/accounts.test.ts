import { afterEach, beforeEach, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createKernel } from "#kernel/linux.ts";
import { readAccounts } from "./accounts.ts";

const { files } = createKernel();
let root = "";
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "accounts-"));
  mkdirSync(join(root, "etc"));
});
afterEach(() => rmSync(root, { recursive: true }));

test("readAccounts() reads both files and says undefined for one that is missing", () => {
  writeFileSync(join(root, "etc/passwd"), "root:x:0:0::/:/bin/sh\n");
  expect(readAccounts(files, root)).toEqual({ passwd: "root:x:0:0::/:/bin/sh\n", group: undefined });
});

test("readAccounts() follows a link below the root and never out of it (CVE-2024-9676)", () => {
  writeFileSync(join(root, "real"), "inside");
  symlinkSync("/real", join(root, "etc/passwd")); // absolute: means the image's root
  symlinkSync(`../../../../../../..${import.meta.path}`, join(root, "etc/group"));
  expect(readAccounts(files, root)).toEqual({ passwd: "inside", group: undefined });
});

test("readAccounts() does not wait for a FIFO (CVE-2024-9676)", () => {
  Bun.spawnSync(["mkfifo", join(root, "etc/passwd")]);
  expect(readAccounts(files, root).passwd).toBeUndefined();
});

import { expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describeStuck } from "./stuck.ts";

test("describeStuck() names processes, what they do and where, and stops at three", () => {
  const proc = mkdtempSync(join(tmpdir(), "stuck-"));
  for (const [pid, name, wchan] of [
    [7, "dd", "nfs_wait"],
    [8, "cat", "0"],
  ] as const) {
    mkdirSync(join(proc, String(pid)));
    writeFileSync(join(proc, `${pid}/status`), `Name:\t${name}\nUmask:\t0022\nState:\tD (disk sleep)\n`);
    writeFileSync(join(proc, `${pid}/wchan`), wchan);
  }
  expect(describeStuck([7, 8, 9, 10, 11], proc)).toBe(
    "7 (dd, D (disk sleep) in nfs_wait), 8 (cat, D (disk sleep)), 9 and 2 more",
  );
  rmSync(proc, { recursive: true });
});

import { afterEach, beforeEach, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, statSync, symlinkSync, utimesSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AT, O } from "#kernel/ffi/constants.ts";
import { close, fchmodat, openat, utimensat } from "#kernel/files/at.ts";
import { withDirectory } from "./below.ts";

let home: string;
let parent: number;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "wharf-below-"));
  mkdirSync(join(home, "in"));
  mkdirSync(join(home, "out"));
  chmodSync(join(home, "out"), 0o750);
  utimesSync(join(home, "out"), 1, 1);
  parent = openat(AT.FDCWD, join(home, "in"), O.PATH | O.DIRECTORY);
});
afterEach(() => {
  close(parent);
  rmSync(home, { recursive: true });
});

const describe = (fd: number) => {
  fchmodat(fd, ".", 0o777);
  utimensat(fd, ".", 5n, 5n);
};

// Whoever shares a volume can put a link there between two looks: what was seen as a directory is opened as one or not.
test.each(["absolute", "relative"])(
  "withDirectory() gives no mode and no time through an %s link (CVE-2021-32760)",
  (kind) => {
    symlinkSync(kind === "absolute" ? join(home, "out") : "../out", join(home, "in/d"));
    expect(() => withDirectory(parent, "d", describe)).toThrow(/ENOTDIR|ELOOP/);
    const { mode, mtimeMs } = statSync(join(home, "out"));
    expect([mode & 0o777, mtimeMs]).toEqual([0o750, 1000]);
  },
);

test("withDirectory() gives them to a directory", () => {
  mkdirSync(join(home, "in/d"));
  withDirectory(parent, "d", describe);
  expect(statSync(join(home, "in/d")).mode & 0o777).toBe(0o777);
});

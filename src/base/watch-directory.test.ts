import { expect, test } from "bun:test";
import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { watchDirectory } from "./watch-directory.ts";

const directory = () => mkdtempSync(join(tmpdir(), "wharf-watch-"));
/** A user namespace has limits of its own. */
const limited = (limit: string, script: string) =>
  Bun.spawnSync(
    [
      ...["unshare", "-Ur", "sh", "-ec", `echo 0 >/proc/sys/user/${limit}; exec "$0" -e "$1"`],
      ...[process.execPath, script],
    ],
    { env: { ...process.env, BUN_BE_BUN: "1" }, stdin: "ignore" },
  );
const canLimit = limited("max_inotify_watches", "").success;

test("watchDirectory() tells of a file that is made", async () => {
  const path = directory();
  const told = Promise.withResolvers<void>();
  using _watch = watchDirectory(path, told.resolve);
  writeFileSync(join(path, "file"), "");
  await told.promise;
});

test("watchDirectory() throws where there is no directory", () => {
  expect(() => watchDirectory(join(directory(), "none"), () => {})).toThrow("ENOENT");
});

for (const limit of ["max_inotify_watches", "max_inotify_instances"])
  test.skipIf(!canLimit)(`watchDirectory() does without where ${limit} is used up (needs unshare)`, () => {
    const script = `import { watchDirectory } from ${JSON.stringify(join(import.meta.dir, "watch-directory.ts"))};
      { using watch = watchDirectory("/", () => {}); }
      console.log("did without");`;
    const { stdout, stderr } = limited(limit, script);
    expect(stderr.toString()).toBe("");
    expect(stdout.toString()).toBe("did without\n");
  });

import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { containerChanges } from "./changes.ts";

const root = mkdtempSync(join(tmpdir(), "changes-"));
const upper = join(root, "upper");
const lower = join(root, "lower");
afterAll(() => rmSync(root, { recursive: true }));

const write = (path: string) => {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, "x");
};

const partsWith = (mounts: { destination: string }[], kind = "overlay") =>
  ({
    records: { resolve: () => ({ id: "4f3e", name: "web", mounts }) },
    snapshots: { rootMount: () => ({ kind, lower: [lower], upper }) },
  }) as never;

describe("changes()", () => {
  beforeAll(() => {
    write(join(lower, "etc/passwd"));
    write(join(lower, "etc/motd"));
    write(join(lower, "srv/keep"));
    write(join(upper, "etc/passwd"));
    write(join(upper, "etc/hosts"));
    write(join(upper, "new/file"));
    write(join(upper, "data/x"));
    mkdirSync(join(upper, "srv"));
    mkdirSync(join(upper, "proc"));
  });

  test("tells what was added and modified, and not what the engine mounts", async () => {
    expect(await containerChanges(partsWith([{ destination: "/data" }]), "web")).toEqual([
      { Path: "/etc", Kind: 0 },
      { Path: "/etc/passwd", Kind: 0 },
      { Path: "/new", Kind: 1 },
      { Path: "/new/file", Kind: 1 },
    ]);
  });

  test.skipIf(process.getuid?.() !== 0)("tells what was deleted", async () => {
    expect(Bun.spawnSync(["mknod", join(upper, "etc/motd"), "c", "0", "0"]).exitCode).toBe(0);
    expect(await containerChanges(partsWith([{ destination: "/data" }]), "web")).toContainEqual({
      Path: "/etc/motd",
      Kind: 2,
    });
  });

  test("says where it cannot tell", async () => {
    await expect(containerChanges(partsWith([], "bind"), "web")).rejects.toMatchObject({
      kind: "notImplemented",
    });
  });
});

import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readTar } from "#base/tar-read.ts";
import { copyTree } from "../layer/copy-tree.ts";
import type { DiffSource } from "../types.ts";
import { diffTar } from "./diff-tar.ts";
import { walkDiff } from "./diff-walk.ts";

const IS_ROOT = process.getuid?.() === 0;
let root: string;
let before: string;
let now: string;

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), "wharf-diff-"));
  before = join(root, "before");
  now = join(root, "now");
  for (const file of ["etc/passwd", "etc/motd", "srv/keep", "gone/a"]) write(join(before, file));
});
afterEach(() => rmSync(root, { recursive: true }));

function write(path: string, text = "x"): void {
  mkdirSync(join(path, ".."), { recursive: true });
  writeFileSync(path, text);
}

function changes(source: DiffSource, mountPoints: readonly string[] = []): string[] {
  const letter = { modified: "C", added: "A", deleted: "D" };
  return [...walkDiff(source, (path) => mountPoints.includes(path))].map(
    ({ change: { kind, path } }) => `${letter[kind]} ${path}`,
  );
}

async function namesOf(source: DiffSource): Promise<string[]> {
  const chunks = [...diffTar(source, () => false)].map((chunk) => chunk.slice());
  async function* archive() {
    yield* chunks;
  }
  return (await Array.fromAsync(readTar(archive()))).map(({ entry }) => entry.name);
}

describe("walkDiff() of an upper directory", () => {
  const source = (): DiffSource => ({ kind: "upper", upper: now, lower: [before] });

  test("tells what was added and modified, and not the places of mounts", () => {
    write(join(now, "etc/passwd"));
    write(join(now, "etc/hosts"), "");
    write(join(now, "new/file"));
    mkdirSync(join(now, "srv"));
    mkdirSync(join(now, "proc"));
    expect(changes(source(), ["/etc/hosts", "/proc"])).toEqual([
      "C /etc",
      "C /etc/passwd",
      "A /new",
      "A /new/file",
    ]);
  });

  test("tells what was put where a mount had been", () => {
    write(join(now, "data/x"));
    expect(changes(source(), ["/data"])).toEqual(["A /data", "A /data/x"]);
  });

  test("tells a directory whose mode changed", () => {
    mkdirSync(join(now, "srv"), { recursive: true });
    chmodSync(join(now, "srv"), 0o700);
    expect(changes(source())).toEqual(["C /srv"]);
  });

  test("looks for what was before without following links of the image", () => {
    symlinkSync("/etc", join(before, "link"));
    write(join(now, "link/passwd"));
    expect(changes(source())).toEqual(["C /link", "A /link/passwd"]);
  });

  test.skipIf(!IS_ROOT)("turns deletions into whiteouts", async () => {
    mkdirSync(join(now, "etc"), { recursive: true });
    expect(Bun.spawnSync(["mknod", join(now, "etc/motd"), "c", "0", "0"]).exitCode).toBe(0);
    expect(changes(source())).toEqual(["C /etc", "D /etc/motd"]);
    expect(await namesOf(source())).toEqual(["etc/", "etc/.wh.motd"]);
  });

  test("refuses names that a layer would take for deletions", async () => {
    write(join(now, "etc/.wh.passwd"));
    await expect(namesOf(source())).rejects.toThrow("are reserved in images");
  });
});

describe("walkDiff() of two trees", () => {
  const source = (): DiffSource => ({ kind: "trees", before, after: now });

  test.skipIf(!IS_ROOT)("compares them", async () => {
    mkdirSync(now);
    copyTree(before, now);
    rmSync(join(now, "gone"), { recursive: true });
    write(join(now, "etc/motd"), "longer");
    write(join(now, "srv/new"));
    expect(changes(source())).toEqual(["C /etc", "C /etc/motd", "D /gone", "C /srv", "A /srv/new"]);
    expect(await namesOf(source())).toEqual(["etc/", "etc/motd", ".wh.gone", "srv/", "srv/new"]);
  });

  test("takes everything for new where nothing was before", () => {
    write(join(now, "a/b"));
    expect(changes({ kind: "trees", before: undefined, after: now })).toEqual(["A /a", "A /a/b"]);
  });
});

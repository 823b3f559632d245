import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import {
  chmodSync,
  existsSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { TarParser } from "#base/tar-read.ts";
import { encodeTarHeader, TAR_END, type TarHeader } from "#base/tar-write.ts";
import { ViewRoot } from "./root.ts";
import { TreeWriter } from "./tree-writer.ts";
import type { WriteOptions } from "./types.ts";

const IS_ROOT = process.getuid?.() === 0;
let home: string;
let root: string;
let outside: string;

beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "wharf-tree-"));
  root = join(home, "root");
  outside = join(home, "outside");
  mkdirSync(join(root, "d"), { recursive: true });
  mkdirSync(outside);
  writeFileSync(join(outside, "canary"), "untouched");
  chmodSync(outside, 0o750);
});
afterEach(() => rmSync(home, { recursive: true }));

type Item = Partial<TarHeader> & { readonly name: string; readonly text?: string };

function archive(items: readonly Item[]): Uint8Array {
  const pieces = items.flatMap(({ text = "", ...header }) => {
    const body = Buffer.alloc(Math.ceil(text.length / 512) * 512);
    body.write(text);
    return [encodeTarHeader({ type: "file", mode: 0o644, sizeBytes: text.length, ...header }), body];
  });
  return Buffer.concat([...pieces, TAR_END]);
}

function write(items: readonly Item[], path = "/d", options: Partial<WriteOptions> = {}): void {
  const view = new ViewRoot({ root });
  using writer = new TreeWriter(view.fd, view.realDirectory(path), {
    noOverwriteDirNonDir: false,
    ...options,
  });
  const parser = new TarParser(writer);
  parser.push(archive(items));
  parser.finish();
  writer.finish();
}

function outsideIsUntouched(): void {
  expect(readFileSync(join(outside, "canary"), "utf8")).toBe("untouched");
  expect(statSync(outside).mode & 0o777).toBe(0o750);
  expect([...new Bun.Glob("*").scanSync(outside)]).toEqual(["canary"]);
}

describe.skipIf(!IS_ROOT)("TreeWriter", () => {
  test("writes files with owner, mode, time and links", () => {
    const mtime = { seconds: 1_000_000, nanos: 0 };
    write([
      { name: "sub/", type: "directory", mode: 0o1777, uid: 7, gid: 8, mtime },
      { name: "sub/f", text: "hello", mode: 0o4755, uid: 12, gid: 34, mtime },
      { name: "sub/link", type: "symlink", linkName: "../x", mode: 0o777 },
      { name: "sub/hard", type: "hardlink", linkName: "sub/f" },
      { name: "pipe", type: "fifo", mode: 0o600 },
      { name: "made/for/it", text: "x" },
    ]);
    const file = statSync(join(root, "d/sub/f"));
    expect([file.uid, file.gid, file.mode & 0o7777, file.nlink, file.mtimeMs]).toEqual([
      12, 34, 0o4755, 2, 1e9,
    ]);
    expect(statSync(join(root, "d/sub")).mtimeMs).toBe(1e9);
    expect(readlinkSync(join(root, "d/sub/link"))).toBe("../x");
    expect(lstatSync(join(root, "d/pipe")).isFIFO()).toBe(true);
    expect(statSync(join(root, "d/made/for")).mode & 0o777).toBe(0o755);
  });

  test("gives everything one owner where that was asked", () => {
    write([{ name: "f", uid: 5, gid: 6 }], "/d", { owner: { uid: 1000, gid: 2000 } });
    const { uid, gid } = statSync(join(root, "d/f"));
    expect([uid, gid]).toEqual([1000, 2000]);
  });

  test("follows the container's own links inside of its root", () => {
    mkdirSync(join(root, "var/lib"), { recursive: true });
    symlinkSync("/var/lib", join(root, "d/data"));
    write([{ name: "data/f", text: "inside" }]);
    expect(readFileSync(join(root, "var/lib/f"), "utf8")).toBe("inside");
    symlinkSync("/d", join(root, "place"));
    write([{ name: "g", text: "inside" }], "/place");
    expect(existsSync(join(root, "d/g"))).toBe(true);
  });

  test("a link to the host leads to the container's own place of that name, or nowhere", () => {
    symlinkSync(outside, join(root, "d/abs"));
    symlinkSync("../../outside", join(root, "d/rel"));
    expect(() => write([{ name: "abs/canary", text: "evil" }])).toThrow();
    expect(() => write([{ name: "rel/canary", text: "evil" }])).toThrow();
    outsideIsUntouched();
  });

  test("a link the archive itself brings leads nowhere either", () => {
    expect(() =>
      write([
        { name: "l", type: "symlink", linkName: outside, mode: 0o777 },
        { name: "l/canary", text: "evil" },
      ]),
    ).toThrow();
    outsideIsUntouched();
  });

  test("modes and owners are never given through a link", () => {
    symlinkSync(outside, join(root, "d/l"));
    write([{ name: "l/", type: "directory", mode: 0o777, uid: 99, gid: 99 }]);
    outsideIsUntouched();
    expect(lstatSync(join(root, "d/l")).isDirectory()).toBe(true); // the link made way
    symlinkSync(join(outside, "canary"), join(root, "d/f"));
    write([{ name: "f", text: "mine", mode: 0o777, uid: 99 }]);
    outsideIsUntouched();
    expect(readFileSync(join(root, "d/f"), "utf8")).toBe("mine");
  });

  test.each([
    { title: "..", items: [{ name: "../../outside/canary", text: "evil" }] },
    { title: ".. in a link", items: [{ name: "h", type: "hardlink", linkName: "../../outside/canary" }] },
    { title: "an unknown hard link", items: [{ name: "h", type: "hardlink", linkName: "/outside/canary" }] },
  ] as const)("refuses $title", ({ items }) => {
    expect(() => write(items)).toThrow("archive entry");
    outsideIsUntouched();
  });

  test("keeps a directory where something else would replace it, and the reverse, when told to", () => {
    mkdirSync(join(root, "d/dir"));
    writeFileSync(join(root, "d/file"), "x");
    const options = { noOverwriteDirNonDir: true };
    expect(() => write([{ name: "dir", text: "x" }], "/d", options)).toThrow(
      'cannot overwrite directory "/d/dir" with non-directory "/d"',
    );
    expect(() => write([{ name: "file/", type: "directory", mode: 0o755 }], "/d", options)).toThrow(
      'cannot overwrite non-directory "/d/file" with directory "/d"',
    );
    write([{ name: "dir", text: "x" }]);
    expect(readFileSync(join(root, "d/dir"), "utf8")).toBe("x");
  });

  test("attributes that steer overlayfs are left out", () => {
    const xattrs = new Map([["trusted.overlay.redirect", Buffer.from("/etc")]]);
    write([{ name: "x/", type: "directory", mode: 0o755, xattrs }]);
    expect(lstatSync(join(root, "d/x")).isDirectory()).toBe(true);
  });
});

describe("ViewRoot", () => {
  test("finds files and tells where links lead", () => {
    writeFileSync(join(root, "d/f"), "x");
    symlinkSync("/d/f", join(root, "abs"));
    symlinkSync("nowhere/at/all", join(root, "d/dangling"));
    symlinkSync("/loop", join(root, "loop"));
    const view = new ViewRoot({ root });
    expect(view.find("/d/f").stat.isFile()).toBe(true);
    expect(view.find("/abs").stat.isSymbolicLink()).toBe(true);
    expect(view.linkTarget("/abs")).toBe("/d/f");
    expect(view.linkTarget("/d/dangling")).toBe("/d/nowhere/at/all");
    expect(() => view.linkTarget("/loop")).toThrow("too many links");
    expect(() => view.find("/d/f/")).toThrow("not a directory");
    expect(() => view.find("/nix")).toThrow("no such file or directory");
    expect(() => view.realDirectory("/d/f")).toThrow("extraction point is not a directory");
  });

  test("stays below its root", () => {
    symlinkSync(outside, join(root, "out"));
    const view = new ViewRoot({ root });
    expect(() => view.find("/out/canary")).toThrow("no such file");
    expect(() => view.find("/../../outside/canary")).toThrow("no such file");
  });

  test("is refused where it is not the directory it should be", () => {
    expect(() => new ViewRoot({ root, sameAs: outside })).toThrow("the root is another's");
    expect(new ViewRoot({ root, sameAs: root }).fd).toBeGreaterThan(2);
  });
});

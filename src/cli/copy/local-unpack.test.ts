import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TarMemberSource, writeTar } from "#base/tar-write.ts";
import { localTree } from "./local-tree.ts";
import { unpackLocally } from "./local-unpack.ts";

let home: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "wharf-cp-"));
  mkdirSync(join(home, "to"));
  mkdirSync(join(home, "outside"));
});
afterEach(() => rmSync(home, { recursive: true }));

const file = (name: string, text: string): TarMemberSource => ({
  header: { name, type: "file", mode: 0o640, sizeBytes: text.length, mtime: { seconds: 1e6, nanos: 0 } },
  body: Buffer.from(text),
});
const link = (name: string, linkName: string): TarMemberSource => ({
  header: { name, type: "symlink", mode: 0o777, linkName },
});
const unpack = (...members: TarMemberSource[]) =>
  unpackLocally(writeTar(members), { directory: join(home, "to") });

test("what is packed is unpacked the same", async () => {
  mkdirSync(join(home, "from/sub"), { recursive: true });
  writeFileSync(join(home, "from/sub/f"), "hello", { mode: 0o600 });
  symlinkSync("sub/f", join(home, "from/l"));
  Bun.spawnSync(["mkfifo", join(home, "from/p")]);
  const plan = { directory: join(home, "to"), rename: { from: "x", to: "y" } };
  await unpackLocally(writeTar(localTree(join(home, "from"), "x")), plan);
  expect(readFileSync(join(home, "to/y/sub/f"), "utf8")).toBe("hello");
  expect(statSync(join(home, "to/y/sub/f")).mode & 0o777).toBe(0o600);
  expect(readlinkSync(join(home, "to/y/l"))).toBe("sub/f");
  expect(statSync(join(home, "to/y/p")).isFIFO()).toBe(true);
});

test("an existing file is replaced, a directory is kept", async () => {
  writeFileSync(join(home, "to/f"), "old");
  mkdirSync(join(home, "to/d"));
  await unpack(file("f", "new"));
  expect(readFileSync(join(home, "to/f"), "utf8")).toBe("new");
  await expect(unpack(file("d", "x"))).rejects.toThrow("cannot overwrite directory with non-directory");
});

test.each([
  {
    title: "a link the archive brings",
    members: () => [link("l", join(home, "outside")), file("l/x", "evil")],
  },
  { title: "a name that leaves", members: () => [file("../outside/x", "evil")] },
])("nothing is written through $title", async ({ members }) => {
  await expect(unpack(...members())).rejects.toThrow();
  expect(readdirSync(join(home, "outside"))).toEqual([]);
});

test("a link that is there already is replaced, not written through", async () => {
  writeFileSync(join(home, "outside/x"), "mine");
  symlinkSync(join(home, "outside/x"), join(home, "to/f"));
  await unpack(file("f", "evil"));
  expect(readFileSync(join(home, "outside/x"), "utf8")).toBe("mine");
});

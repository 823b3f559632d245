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

/** Sets or prints attributes as another program sees them. */
const python = (script: string, ...args: string[]) =>
  Bun.spawnSync(["python3", "-c", `import os, sys\n${script}`, ...args], { stderr: "ignore" });
const HAS_XATTRS = python(
  "p = sys.argv[1]; os.setxattr(p, 'user.x', b'y'); os.removexattr(p, 'user.x')",
  tmpdir(),
).success;

test.skipIf(!HAS_XATTRS)(
  "extended attributes of files and directories come along, overlayfs's own do not",
  async () => {
    mkdirSync(join(home, "from"));
    writeFileSync(join(home, "from/f"), "hello");
    symlinkSync("f", join(home, "from/l"));
    const set = `
for path in sys.argv[1:]:
  os.setxattr(path, 'user.note', bytes(range(256))); os.setxattr(path, 'user.empty', b''); os.setxattr(path, 'user.overlay.opaque', b'y')`;
    expect(python(set, join(home, "from"), join(home, "from/f")).success).toBe(true);
    await unpackLocally(writeTar(localTree(join(home, "from"), "x")), { directory: join(home, "to") });
    const get = `
for path in sys.argv[1:]:
  print(sorted(n for n in os.listxattr(path) if n.startswith('user.')), os.getxattr(path, 'user.note') == bytes(range(256)))`;
    const expected = "['user.empty', 'user.note'] True\n";
    expect(python(get, join(home, "to/x"), join(home, "to/x/f")).stdout.toString()).toBe(expected.repeat(2));
    expect(readlinkSync(join(home, "to/x/l"))).toBe("f");
  },
);

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

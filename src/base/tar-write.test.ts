import { expect, test } from "bun:test";
import { runOrThrow } from "./spawn.ts";
import { collectBytes } from "./streams.ts";
import { readTar } from "./tar-read.ts";
import {
  encodeTarHeader,
  type TarHeader,
  type TarMemberSource,
  type TarWriteOptions,
  writeTar,
} from "./tar-write.ts";

const archiveOf = (members: TarMemberSource[], options?: TarWriteOptions) =>
  collectBytes(writeTar(members, options), 1 << 24, "archive");

async function* one(bytes: Uint8Array) {
  yield bytes;
}

const cases: { title: string; header: TarHeader; blocks: number; options?: TarWriteOptions }[] = [
  {
    title: "a small file",
    header: { name: "a/b", type: "file", mode: 0o4755, uid: 1, gid: 2, sizeBytes: 3 },
    blocks: 1,
  },
  {
    title: "a name for ustar's prefix",
    header: { name: `${"d/".repeat(70)}name`, type: "file", mode: 0 },
    blocks: 1,
  },
  { title: "a name of 300 bytes", header: { name: "ä".repeat(150), type: "file", mode: 0 }, blocks: 3 },
  {
    title: "a name that is no UTF-8",
    header: { name: "\udcff".repeat(20), type: "file", mode: 0 },
    blocks: 1,
  },
  {
    title: "a long name that is no UTF-8",
    header: { name: "\udcff".repeat(120), type: "file", mode: 0 },
    blocks: 3,
  },
  {
    title: "a long link",
    header: { name: "l", type: "symlink", mode: 0o777, linkName: "../".repeat(50) },
    blocks: 3,
  },
  {
    title: "large numbers",
    header: { name: "b", type: "file", mode: 0, uid: 3_000_000, gid: 4_294_967_294 },
    blocks: 3,
  },
  {
    title: "attributes as bytes",
    header: {
      name: "x",
      type: "file",
      mode: 0,
      xattrs: new Map([
        ["user.b", Buffer.from([0, 255, 10])],
        ["user.a", Buffer.from("=")],
      ]),
    },
    blocks: 3,
  },
  {
    title: "a device",
    header: { name: "d", type: "block", mode: 0o660, deviceMajor: 8, deviceMinor: 65536 },
    blocks: 1,
  },
  {
    title: "a time before 1970",
    header: { name: "t", type: "fifo", mode: 0, mtime: { seconds: -7, nanos: 0 } },
    blocks: 3,
  },
  {
    title: "nanoseconds when asked",
    header: { name: "t", type: "file", mode: 0, mtime: { seconds: -7, nanos: 100 } },
    blocks: 3,
    options: { subSecondTimes: true },
  },
];

test.each(cases)(
  "writeTar() writes $title so that readTar() and Python read it",
  async ({ header, blocks, options }) => {
    expect(encodeTarHeader(header, options).byteLength).toBe(blocks * 512);
    const archive = await archiveOf(
      [{ header, ...(header.sizeBytes ? { body: Buffer.alloc(header.sizeBytes, "x") } : {}) }],
      options,
    );
    const [member] = await Array.fromAsync(readTar(one(archive)));
    const { xattrs, ...plain } = header;
    expect(member!.entry).toMatchObject(plain);
    expect([...member!.entry.xattrs].toSorted()).toEqual([...(xattrs ?? [])].toSorted());
    const script =
      "import tarfile, sys; t = tarfile.open(fileobj=sys.stdin.buffer, mode='r|'); print(len(t.getmembers()), len(t.getmembers()[0].name))";
    const { stdout } = await runOrThrow(["python3", "-c", script], { input: archive });
    expect(stdout.trim()).toBe(`1 ${header.name.length}`);
  },
);

test("writeTar() cuts nanoseconds unless asked for them", async () => {
  const header: TarHeader = { name: "t", type: "file", mode: 0, mtime: { seconds: 7, nanos: 100 } };
  expect(encodeTarHeader(header).byteLength).toBe(512);
});

test("writeTar() streams bodies, pads them and ends a directory's name with a slash", async () => {
  async function* body() {
    yield Buffer.from("ab");
    yield Buffer.from("c");
  }
  const archive = await archiveOf([
    { header: { name: "d", type: "directory", mode: 0o755 } },
    { header: { name: "d/f", type: "file", mode: 0o644, sizeBytes: 3 }, body: body() },
  ]);
  expect(archive.byteLength).toBe(512 * 5);
  const { stdout } = await runOrThrow(["tar", "-tf", "-"], { input: archive });
  expect(stdout).toBe("d/\nd/f\n");
});

test("writeTar() refuses a body that is shorter or longer than announced", () => {
  const header: TarHeader = { name: "f", type: "file", mode: 0, sizeBytes: 3 };
  expect(archiveOf([{ header, body: Buffer.from("ab") }])).rejects.toThrow(
    'tar: "f": body of 2 bytes, its header announced 3',
  );
  expect(archiveOf([{ header, body: Buffer.from("abcd") }])).rejects.toThrow("body of 4 bytes");
  expect(archiveOf([{ header }])).rejects.toThrow("body of 0 bytes");
});

test("encodeTarHeader() gives the same bytes for attributes in any order", () => {
  const header = (names: string[]): TarHeader => ({
    name: "f",
    type: "file",
    mode: 0,
    xattrs: new Map(names.map((name) => [name, Buffer.from(name)])),
  });
  expect(encodeTarHeader(header(["user.a", "user.b"]))).toEqual(
    encodeTarHeader(header(["user.b", "user.a"])),
  );
});

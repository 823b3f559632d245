import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { runOrThrow } from "./spawn.ts";
import { collectBytes } from "./streams.ts";
import type { TarEntry } from "./tar-header.ts";
import { readTar, TarParser } from "./tar-read.ts";
import { encodeTarHeader, TAR_END } from "./tar-write.ts";

/** Entries with their bytes, read in pieces of `pieceBytes`. */
async function readAll(archive: Uint8Array, pieceBytes = 1 << 20) {
  async function* pieces() {
    for (let at = 0; at < archive.length; at += pieceBytes) yield archive.subarray(at, at + pieceBytes);
  }
  const members: { entry: TarEntry; text: string }[] = [];
  for await (const { entry, body } of readTar(pieces()))
    members.push({
      entry,
      text: Buffer.from(await collectBytes(body, 1 << 24, entry.name)).toString("latin1"),
    });
  return members;
}

const XATTR = Buffer.from([0, 255, 61, 10, 0]);
const LONG = `${"long-".repeat(50)}name`;

describe("archives of GNU tar", () => {
  let dir: string;
  beforeAll(async () => {
    dir = mkdtempSync(join(tmpdir(), "tar-read-"));
    const script = `cd ${dir} && mkdir -p t/${LONG} && cd t
      printf hello >plain; touch -d '2001-02-03T04:05:06.123456789Z' plain; chmod 4751 plain
      printf deep >${LONG}/${LONG}; ln plain hard; ln -s ${LONG}/${LONG} soft; mkfifo pipe
      printf x >"$(printf 'latin-\\344')"; printf y >ünï
      python3 -c 'import os; os.setxattr("plain", "user.bin", bytes([0, 255, 61, 10, 0]))'
      truncate -s 1M sparse; printf head | dd of=sparse conv=notrunc status=none
      printf tail | dd of=sparse bs=1 seek=1000000 conv=notrunc status=none
      for i in 1 2 3 4 5 6 7 8 9; do printf $i | dd of=sparse bs=1 seek=$((i*100000)) conv=notrunc status=none; done`;
    await runOrThrow(["sh", "-c", script]);
  });
  afterAll(() => rmSync(dir, { recursive: true, force: true }));

  const formats: { title: string; options: string[] }[] = [
    { title: "gnu", options: ["--format=gnu"] },
    { title: "gnu, sparse", options: ["--format=gnu", "--sparse"] },
    { title: "pax, xattrs", options: ["--format=pax", "--xattrs"] },
    { title: "pax, sparse 0.0", options: ["--format=pax", "--sparse", "--sparse-version=0.0"] },
    { title: "pax, sparse 0.1", options: ["--format=pax", "--sparse", "--sparse-version=0.1"] },
    { title: "pax, sparse 1.0", options: ["--format=pax", "--sparse", "--sparse-version=1.0"] },
  ];

  test.each(formats)("readTar() reads everything: $title", async ({ title, options }) => {
    const file = join(dir, "a.tar");
    await runOrThrow([
      "tar",
      "-C",
      `${dir}/t`,
      "--owner=x:5000000",
      "--group=x:70",
      "--sort=name",
      ...options,
      "-cf",
      file,
      ".",
    ]);
    const archive = readFileSync(file);
    for (const pieceBytes of [1 << 20, 1000]) {
      const members = await readAll(archive, pieceBytes);
      const find = (name: string) => members.find((m) => m.entry.name === `./${name}`)!;
      expect(
        members
          .map((m) => m.entry.type[0])
          .toSorted()
          .join(""),
      ).toBe("ddffffffhs");
      expect(find(`${LONG}/${LONG}`).text).toBe("deep");
      expect(find("soft").entry.linkName).toBe(`${LONG}/${LONG}`);
      expect(find("latin-\udce4").text).toBe("x");
      expect(find("ünï").text).toBe("y");
      const first = find("hard").entry.type === "file" ? find("hard") : find("plain");
      expect(first.text).toBe("hello");
      expect(first.entry).toMatchObject({ mode: 0o4751, uid: 5_000_000, gid: 70, sizeBytes: 5 });
      expect(first.entry.mtime).toEqual({
        seconds: 981173106,
        nanos: title.startsWith("pax") ? 123456789 : 0,
      });
      if (options.includes("--xattrs")) expect([...first.entry.xattrs]).toEqual([["user.bin", XATTR]]);
      const { entry, text } = find("sparse");
      expect(entry.sizeBytes).toBe(1 << 20);
      expect(entry.sparse !== undefined).toBe(options.includes("--sparse"));
      expect(text.length).toBe(1 << 20);
      expect(text.slice(0, 5)).toBe("head\0");
      expect(text.slice(999_999, 1_000_005)).toBe("\0tail\0");
      expect(text.slice(199_999, 200_002)).toBe("\x002\0");
    }
  });
});

/** Archives that Python's tarfile writes, one script each; `t` is the open archive, `i` a TarInfo. */
async function python(format: "PAX" | "GNU" | "USTAR", script: string): Promise<Uint8Array> {
  const code = `import tarfile, io
b = io.BytesIO(); t = tarfile.open(fileobj=b, mode="w", format=tarfile.${format}_FORMAT)
i = tarfile.TarInfo("a")
${script}
t.close(); print(b.getvalue().hex())`;
  return Buffer.from((await runOrThrow(["python3", "-c", code])).stdout.trim(), "hex");
}

describe("archives of Python's tarfile", () => {
  test.each(["PAX", "GNU"] as const)(
    "readTar() reads large numbers, devices and old times: %s",
    async (format) => {
      const archive = await python(
        format,
        `i.type = tarfile.CHRTYPE; i.devmajor = 226; i.devminor = 128000; i.uid = 4294967294; i.mtime = -5; t.addfile(i)`,
      );
      const [member] = await readAll(archive);
      expect(member!.entry).toMatchObject({
        type: "character",
        deviceMajor: 226,
        deviceMinor: 128000,
        uid: 0xffff_fffe,
        mtime: { seconds: -5, nanos: 0 },
      });
    },
  );

  test("readTar() splits ustar's prefix and applies global headers until a local one differs", async () => {
    const name = `${"d".repeat(120)}/${"n".repeat(90)}`;
    expect((await readAll(await python("USTAR", `i.name = "${name}"; t.addfile(i)`)))[0]!.entry.name).toBe(
      name,
    );
    const archive = await python(
      "PAX",
      `t.close(); b = io.BytesIO(); t = tarfile.open(fileobj=b, mode="w", format=tarfile.PAX_FORMAT, pax_headers={"mtime": "12.5", "comment": "x"})
t.addfile(i); i.pax_headers = {"mtime": "-1.25"}; t.addfile(i)`,
    );
    expect((await readAll(archive)).map((m) => m.entry.mtime)).toEqual([
      { seconds: 12, nanos: 500_000_000 },
      { seconds: -2, nanos: 750_000_000 },
    ]);
  });
});

describe("damaged archives", () => {
  const file = (name: string, more: object = {}) =>
    encodeTarHeader({ name, type: "file", mode: 0o644, ...more });
  const changed = (block: Uint8Array, at: number, bytes: number[] | string) => {
    const copy = Buffer.from(block);
    copy.set(typeof bytes === "string" ? Buffer.from(bytes) : bytes, at);
    let sum = 256;
    for (let i = 0; i < 512; i++) sum += i >= 148 && i < 156 ? 0 : copy[i]!;
    copy.write(`${sum.toString(8).padStart(6, "0")}\0 `, 148, "latin1");
    return copy;
  };
  const pax = (text: string) => {
    const body = Buffer.alloc(Math.ceil(text.length / 512) * 512);
    body.write(text);
    return [changed(file("pax", { sizeBytes: text.length }), 156, "x"), body];
  };
  const body = new Uint8Array(512);

  const cases: { title: string; archive: Uint8Array[]; reason: string }[] = [
    {
      title: "random bytes",
      archive: [Buffer.alloc(512, "x")],
      reason: "bad checksum, so this is no tar archive",
    },
    {
      title: "a bad second header",
      archive: [file("a"), Buffer.alloc(512, "x")],
      reason: `tar: entry 2 "${"x".repeat(100)}": bad checksum`,
    },
    {
      title: "a cut file",
      archive: [file("a", { sizeBytes: 600 }), body],
      reason: 'tar: entry 1 "a": archive ends after 512 of 600 bytes',
    },
    {
      title: "a cut header",
      archive: [file("a"), file("b").subarray(0, 300)],
      reason: "archive ends inside a header",
    },
    { title: "a lone PAX header", archive: pax("11 path=ab\n"), reason: "archive ends inside a header" },
    {
      title: "an end mark in a PAX header",
      archive: [...pax("11 path=ab\n"), TAR_END],
      reason: "inside a header",
    },
    {
      title: "a single zero block",
      archive: [body, file("a")],
      reason: "a single zero block instead of the end mark",
    },
    {
      title: "a huge PAX header",
      archive: [changed(file("a", { sizeBytes: 2 ** 31 }), 156, "x")],
      reason: "extended header of 2147483648 bytes, at most 1048576 are allowed",
    },
    {
      title: "a wrong record length",
      archive: [...pax("12 path=ab\n"), file("a")],
      reason: "malformed PAX header",
    },
    {
      title: "a record without end",
      archive: [...pax("99 path=ab\n"), file("a")],
      reason: "malformed PAX header",
    },
    {
      title: "a PAX size that is no number",
      archive: [...pax("11 size=-1\n"), file("a")],
      reason: "malformed size",
    },
    {
      title: "a user id beyond 32 bits",
      archive: [...pax("18 uid=4294967296\n"), file("a")],
      reason: "uid 4294967296 is out of range",
    },
    {
      title: "a user id that means unchanged",
      archive: [...pax("18 uid=4294967295\n"), file("a")],
      reason: "out of range",
    },
    { title: "a time that is none", archive: [...pax("11 mtime=x\n"), file("a")], reason: "malformed mtime" },
    {
      title: "a zero byte in a name",
      archive: [...pax("12 path=a\0b\n"), file("a")],
      reason: "name contains a zero byte",
    },
    {
      title: "a negative size",
      archive: [changed(file("a"), 124, Array(12).fill(0xff))],
      reason: "size -1 is out of range",
    },
    { title: "a size of letters", archive: [changed(file("a"), 124, "00000abc")], reason: "malformed size" },
    {
      title: "a sparse map larger than the file",
      archive: [
        ...pax("22 GNU.sparse.size=10\n24 GNU.sparse.map=0,512\n"),
        file("a", { sizeBytes: 512 }),
        body,
      ],
      reason: 'entry 1 "a": sparse map does not fit the file',
    },
    {
      title: "an endless leading sparse map",
      archive: [
        ...pax("22 GNU.sparse.major=1\n22 GNU.sparse.minor=0\n26 GNU.sparse.realsize=10\n"),
        file("a", { sizeBytes: 1024 }),
        Buffer.alloc(1024, "9999\n"),
      ],
      reason: "malformed sparse map",
    },
  ];

  test.each(cases)("TarParser refuses $title", ({ archive, reason }) => {
    for (const pieceBytes of [100, 4096]) {
      const parser = new TarParser({ entry() {}, data() {}, end() {} });
      const whole = Buffer.concat(archive);
      expect(() => {
        for (let at = 0; at < whole.length; at += pieceBytes)
          parser.push(whole.subarray(at, at + pieceBytes));
        parser.finish();
      }).toThrow(reason);
    }
  });

  test("TarParser takes an archive without end mark, an empty one, and ignores what follows the end", async () => {
    expect(await readAll(new Uint8Array(0))).toEqual([]);
    expect((await readAll(file("a"))).length).toBe(1);
    expect((await readAll(Buffer.concat([file("a"), TAR_END, Buffer.alloc(600, "x")]))).length).toBe(1);
  });

  test("TarParser bounds global headers together", () => {
    const parser = new TarParser({ entry() {}, data() {}, end() {} }, { maxMetadataBytes: 1000 });
    const [header, records] = pax(`${"600 comment=".padEnd(599, "x")}\n`);
    const global = Buffer.concat([changed(header!, 156, "g"), records!]);
    parser.push(global);
    expect(() => parser.push(global)).toThrow("extended header of 1200 bytes, at most 1000 are allowed");
  });
});

test("readTar() skips bodies nobody reads and closes its source when the reader stops", async () => {
  let closed = false;
  async function* source() {
    try {
      for (;;) {
        yield Buffer.concat([
          encodeTarHeader({ name: "a", type: "file", mode: 0, sizeBytes: 600 }),
          Buffer.alloc(100),
        ]);
        yield Buffer.alloc(924);
      }
    } finally {
      closed = true;
    }
  }
  let count = 0;
  for await (const { entry, body } of readTar(source())) {
    expect(entry.name).toBe("a");
    if (count === 1) expect((await body.next()).value?.byteLength).toBe(100);
    if (++count === 3) break;
  }
  expect(closed).toBe(true);
});

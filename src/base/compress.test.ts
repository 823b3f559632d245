import { describe, expect, test } from "bun:test";
import { constants, gzipSync, zstdCompressSync } from "node:zlib";
import { type Compression, compress, decompress, detectCompression } from "./compress.ts";
import { collectBytes } from "./streams.ts";

const PLAIN = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `line ${i}\n`).join(""));
const PACKED = {
  gzip: gzipSync(PLAIN),
  zstd: zstdCompressSync(PLAIN, { params: { [constants.ZSTD_c_checksumFlag]: 1 } }),
};
const SKIPPABLE_FRAME = Uint8Array.of(0x5a, 0x2a, 0x4d, 0x18, 2, 0, 0, 0, 9, 9);

async function* pieces(bytes: Uint8Array, pieceBytes = 8191) {
  for (let at = 0; at < bytes.length; at += pieceBytes) yield bytes.subarray(at, at + pieceBytes);
}

const read = (source: AsyncIterable<Uint8Array>) => collectBytes(source, 1 << 30, "test");

test("detectCompression() goes by the first bytes", () => {
  const table: Record<Compression, Uint8Array[]> = {
    gzip: [PACKED.gzip],
    zstd: [PACKED.zstd, SKIPPABLE_FRAME],
    xz: [Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0)],
    bzip2: [Buffer.from("BZh9")],
    none: [Buffer.from("hello.txt"), new Uint8Array(0), Uint8Array.of(0x1f)],
  };
  for (const [compression, samples] of Object.entries(table))
    for (const sample of samples) expect(detectCompression(sample)).toBe(compression as Compression);
});

describe.each(["gzip", "zstd"] as const)("%s", (compression) => {
  const packed = PACKED[compression];

  test("decompress() gives the plain bytes at any chunking", async () => {
    for (const pieceBytes of [1 << 20, 4096, 97])
      expect(PLAIN.equals(await read(decompress(pieces(packed, pieceBytes))))).toBe(true);
  });

  test("decompress() reads streams joined together", async () => {
    const twice = await read(decompress(pieces(Buffer.concat([packed, packed]))));
    expect(twice.byteLength).toBe(2 * PLAIN.byteLength);
  });

  test("compress() is undone by decompress() and repeats itself", async () => {
    const first = await read(compress(pieces(PLAIN), compression, { level: 1 }));
    const second = await read(compress(pieces(PLAIN), compression, { level: 1 }));
    expect(Buffer.compare(first, second)).toBe(0);
    expect(PLAIN.equals(await read(decompress(pieces(first))))).toBe(true);
  });

  test.each([1, 5, 1000])("decompress() notices that the last %i bytes are missing", (cut) => {
    expect(read(decompress(pieces(packed.subarray(0, -cut))))).rejects.toThrow(
      `damaged ${compression} stream: unexpected end`,
    );
  });

  test("decompress() notices garbage after the end", () => {
    const longer = Buffer.concat([packed, Buffer.from("garbage")]);
    expect(read(decompress(pieces(longer, 1 << 24)))).rejects.toThrow(`damaged ${compression} stream`);
    expect(read(decompress(pieces(longer, 100)))).rejects.toThrow(`damaged ${compression} stream`);
  });

  test("decompress() notices changed bytes", () => {
    const changed = Buffer.from(packed);
    changed[changed.length >> 1]! ^= 0xff;
    expect(read(decompress(pieces(changed)))).rejects.toThrow(`damaged ${compression} stream`);
  });

  test("decompress() passes on the failure of its source", () => {
    async function* failing() {
      yield packed.subarray(0, 100);
      throw new Error("connection lost");
    }
    expect(read(decompress(failing()))).rejects.toThrow("connection lost");
  });

  test("decompress() stops its source when the reader stops", async () => {
    const closed = Promise.withResolvers<void>();
    async function* endless() {
      try {
        for (;;) yield packed;
      } finally {
        closed.resolve();
      }
    }
    for await (const _ of decompress(endless())) break;
    await closed.promise;
  });
});

test("decompress() skips zstd's skippable frames", async () => {
  const bytes = Buffer.concat([SKIPPABLE_FRAME, PACKED.zstd, SKIPPABLE_FRAME]);
  expect(PLAIN.equals(await read(decompress(pieces(bytes, 97))))).toBe(true);
});

test("decompress() leaves a plain stream as it is", async () => {
  expect(PLAIN.equals(await read(decompress(pieces(PLAIN))))).toBe(true);
  expect((await read(decompress(pieces(new Uint8Array(0))))).byteLength).toBe(0);
});

test.each([
  ["xz", Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0, 0)],
  ["bzip2", Buffer.from("BZh91AY&SY")],
])("decompress() refuses %s and says what to do", async (name, bytes) => {
  const error = await read(decompress(pieces(bytes))).catch((e) => e);
  expect(error.message).toBe(`${name} compressed archives are not supported`);
  expect(error.hint).toContain("gzip or zstd");
});

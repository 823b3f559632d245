import { describe, expect, test } from "bun:test";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { decompressArchive } from "./decompress-program.ts";

const LARGE = Buffer.from(Array.from({ length: 20_000 }, (_, i) => `line ${i * 7919}\n`).join(""));

async function* pieces(bytes: Uint8Array, size = 1000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += size) yield bytes.subarray(at, at + size);
}

async function read(source: AsyncIterable<Uint8Array>): Promise<Buffer> {
  return Buffer.concat(await Array.fromAsync(source));
}

const packWith = (program: string, bytes: Uint8Array) =>
  Bun.spawnSync([program, "-c"], { stdin: bytes }).stdout;

/** Programs of this name that this process has started and that run. */
function ownChildren(name: string): number {
  const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
  return pids.filter((pid) => {
    const [comm, state, parent] = statOf(pid);
    return comm === name && state !== "Z" && parent === String(process.pid);
  }).length;
}

function statOf(pid: string): readonly string[] {
  try {
    const [, comm = "", state = "", parent = ""] =
      /\((.*)\) (\S) (\d+)/.exec(readFileSync(`/proc/${pid}/stat`, "utf8")) ?? [];
    return [comm, state, parent];
  } catch {
    return []; // it has ended meanwhile
  }
}

describe.each(["xz", "bzip2"] as const)("%s", (name) => {
  const isThere = existsSync(`/usr/bin/${name}`) || existsSync(`/bin/${name}`);

  test.skipIf(!isThere)("decompressArchive() gives the plain bytes", async () => {
    const packed = packWith(name, LARGE);
    expect((await read(decompressArchive(pieces(packed)))).equals(LARGE)).toBe(true);
  });

  test.skipIf(!isThere)("decompressArchive() refuses a stream that is cut or damaged", async () => {
    const packed = packWith(name, LARGE);
    const cut = packed.subarray(0, packed.byteLength - 20);
    await expect(read(decompressArchive(pieces(cut)))).rejects.toThrow(`damaged ${name} stream`);
  });

  test.skipIf(!isThere)(
    "decompressArchive() ends with a reader that stops, and with a source that fails",
    async () => {
      const packed = packWith(name, LARGE);
      for await (const chunk of decompressArchive(pieces(packed))) {
        expect(chunk.byteLength).toBeGreaterThan(0);
        break;
      }
      async function* failing(): AsyncGenerator<Uint8Array> {
        yield packed.subarray(0, 100);
        throw new Error("the client has gone");
      }
      await expect(read(decompressArchive(failing()))).rejects.toThrow("the client has gone");
    },
  );

  test.skipIf(!isThere)(
    "decompressArchive() leaves no program behind when its reader stops and its source never ends (CVE-2021-20291)",
    async () => {
      const packed = packWith(name, Buffer.concat(Array(8).fill(LARGE))); // more than one block of bzip2
      async function* stalled(): AsyncGenerator<Uint8Array> {
        yield packed.subarray(0, packed.byteLength - 100);
        await new Promise(() => {});
      }
      for await (const _chunk of decompressArchive(stalled())) {
        expect(ownChildren(name)).toBeGreaterThan(0);
        break;
      }
      while (ownChildren(name) > 0) await Bun.sleep(5); // it has been killed: the kernel takes a moment
    },
  );

  test.skipIf(isThere)("decompressArchive() says what is missing", async () => {
    const magic = name === "xz" ? Uint8Array.of(0xfd, 0x37, 0x7a, 0x58, 0x5a, 0, 0) : Buffer.from("BZh91");
    await expect(read(decompressArchive(pieces(magic)))).rejects.toThrow(`this host has no ${name}`);
  });
});

test("decompressArchive() passes plain bytes on", async () => {
  expect((await read(decompressArchive(pieces(Buffer.from("plain"))))).toString()).toBe("plain");
});

import { afterAll, expect, test } from "bun:test";
import { mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { decompress } from "#base/compress.ts";
import { sha256 } from "#base/digest.ts";
import { collectBytes } from "#base/streams.ts";
import { HELPER_COMMAND } from "../_testing/helper.ts";
import { BLOCK_BYTES } from "./compress-job.ts";
import { createLayerCompressor } from "./compressor.ts";

const directory = mkdtempSync("/dev/shm/compressor-");
afterAll(() => rmSync(directory, { recursive: true }));

/** Text that repeats, then noise: what compresses well and what does not at all. */
function sample(sizeBytes: number): Uint8Array {
  const bytes = Buffer.alloc(sizeBytes, "all the words of a layer, again and again\n");
  for (let at = sizeBytes >> 1; at + 32 < sizeBytes; at += 32)
    Buffer.from(sha256(String(at)).slice(7), "hex").copy(bytes, at);
  return bytes;
}

async function compressed(bytes: Uint8Array, compression: "gzip" | "zstd", helpers: number) {
  const source = join(directory, "layer");
  await Bun.write(source, bytes);
  const done: number[] = [];
  const compressor = createLayerCompressor({ helperCommand: HELPER_COMMAND, helpers });
  const pieces = compressor.compress({
    source,
    sizeBytes: bytes.byteLength,
    compression,
    onProgress: (doneBytes) => done.push(doneBytes),
  });
  return { result: await collectBytes(pieces, 1 << 30, "layer"), done };
}

test.each(["gzip", "zstd"] as const)("compress() gives %s that anybody can read", async (compression) => {
  for (const sizeBytes of [0, 1, BLOCK_BYTES, 2 * BLOCK_BYTES + 7]) {
    const bytes = sample(sizeBytes);
    const { result, done } = await compressed(bytes, compression, 2);
    async function* source() {
      yield result;
    }
    expect(sha256(await collectBytes(decompress(source()), 1 << 30, "plain"))).toBe(sha256(bytes));
    expect(done.at(-1)).toBe(sizeBytes);
  }
});

test("compress() gives the same bytes with one processor and with three", async () => {
  const bytes = sample(3 * BLOCK_BYTES + 5);
  const one = await compressed(bytes, "gzip", 1);
  const three = await compressed(bytes, "gzip", 3);
  expect(sha256(one.result)).toBe(sha256(three.result));
  // what was once pushed must come out the same in a year, or registries hold everything twice
  expect(sha256(one.result)).toBe(GOLDEN);
});

const GOLDEN = "sha256:66de76060d42156a836425837e53aac054ba45683b909b585f900ee8829852bb";

test("compress() ends its helpers when it is cancelled, and tells why one failed", async () => {
  const abort = new AbortController();
  const compressor = createLayerCompressor({ helperCommand: HELPER_COMMAND, helpers: 2 });
  const source = join(directory, "large");
  await Bun.write(source, sample(4 * BLOCK_BYTES));
  const request = { source, sizeBytes: 4 * BLOCK_BYTES, compression: "gzip", signal: abort.signal } as const;
  const reading = (async () => {
    for await (const _piece of compressor.compress(request)) abort.abort(new Error("enough"));
  })();
  expect(reading).rejects.toThrow("compressing a layer");
  await reading.catch(() => {});
  const missing = compressor.compress({ source: "/nonexistent", sizeBytes: 1, compression: "gzip" });
  expect(missing.next()).rejects.toThrow("no such file");
  await missing.next().catch(() => {});
});

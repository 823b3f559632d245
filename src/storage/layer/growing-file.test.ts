import { expect, test } from "bun:test";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { collectBytes } from "#base/streams.ts";
import { GrowingFile } from "./growing-file.ts";

test("a GrowingFile gives what is there and waits for the rest", async () => {
  const directory = mkdtempSync(join(tmpdir(), "growing-"));
  const path = join(directory, "blob");
  const piece = Buffer.alloc(1 << 20, "a");
  writeFileSync(path, piece);
  const file = new GrowingFile(path);
  const pieces = file.read()[Symbol.asyncIterator]();
  const first = pieces.next();
  file.grow({ bytes: piece.byteLength, isComplete: false });
  expect((await first).value?.byteLength).toBe(piece.byteLength);
  const second = pieces.next();
  appendFileSync(path, "rest");
  file.grow({ bytes: piece.byteLength + 2, isComplete: false }); // too little to be read yet
  file.grow({ bytes: piece.byteLength + 4, isComplete: true });
  expect(Buffer.from((await second).value!).toString()).toBe("rest");
  expect((await pieces.next()).done).toBe(true);
  rmSync(directory, { recursive: true });
});

test("a GrowingFile that is shorter than its writer said is an error", async () => {
  const directory = mkdtempSync(join(tmpdir(), "growing-"));
  writeFileSync(join(directory, "blob"), "abc");
  const file = new GrowingFile(join(directory, "blob"));
  file.grow({ bytes: 10, isComplete: true });
  await expect(collectBytes(file.read(), 100, "it")).rejects.toThrow("shorter than its writer said");
  rmSync(directory, { recursive: true });
});

import { afterAll, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type FakeRecord, localFile, localRecord, sizeOfRecords } from "./_local-file.ts";
import { readLog } from "./read.ts";
import type { DecodeOptions } from "./types.ts";

const root = mkdtempSync(join(tmpdir(), "local-log-test-"));
afterAll(() => rmSync(root, { recursive: true }));

let path: string;
beforeEach(() => {
  path = join(mkdtempSync(join(root, "log-")), "container.log");
});

async function read(decode: Partial<DecodeOptions> = {}, tail?: number): Promise<string> {
  const all = {
    stdout: true,
    stderr: true,
    framed: false,
    timestamps: false,
    details: false,
    since: undefined,
    until: undefined,
  };
  const signal = new AbortController().signal;
  const request = {
    path,
    format: "local" as const,
    decode: { ...all, ...decode },
    tail,
    followUntil: undefined,
    signal,
  };
  return Buffer.concat(await Array.fromAsync(readLog(request))).toString("latin1");
}

/** Two rotated files, the older one compressed, and the current one. */
function writeRotated(): void {
  const oldest = localFile(0, [{ text: "1\n2\n" }, { text: "3\n4" }]);
  const middle = localFile(sizeOfRecords(oldest), [
    { text: "\n5\n", continues: true },
    { text: "oops\n", stderr: true },
  ]);
  writeFileSync(`${path}.2.gz`, gzipSync(oldest));
  writeFileSync(`${path}.1`, middle);
  writeFileSync(
    path,
    localFile(sizeOfRecords(oldest) + sizeOfRecords(middle), [{ text: "6\n7\n" }, { text: "8" }]),
  );
}

describe("readLog() of a local log", () => {
  test("reads compressed, rotated and current files in order", async () => {
    writeRotated();
    expect(await read()).toBe("1\n2\n3\n4\n5\noops\n6\n7\n8");
    expect(await read({ stdout: false })).toBe("oops\n");
  });

  for (const [tail, expected] of [
    [0, ""],
    [1, "8"],
    [2, "7\n8"],
    [4, "oops\n6\n7\n8"],
    [5, "5\noops\n6\n7\n8"],
    [6, "4\n5\noops\n6\n7\n8"],
    [8, "2\n3\n4\n5\noops\n6\n7\n8"],
    [99, "1\n2\n3\n4\n5\noops\n6\n7\n8"],
  ] as const)
    test(`finds the last ${tail} lines, wherever they begin`, async () => {
      writeRotated();
      expect(await read({}, tail)).toBe(expected);
    });

  test("gives each line a frame, or each record where the reader copies streams apart", async () => {
    writeFileSync(path, localFile(0, [{ text: "a\nb\n" }, { text: "e\n", stderr: true }]));
    const frame = (stream: number, text: string) =>
      `${String.fromCharCode(stream)}\0\0\0\0\0\0${String.fromCharCode(text.length)}${text}`;
    expect(await read({ framed: true })).toBe(frame(1, "a\n") + frame(1, "b\n") + frame(2, "e\n"));
    expect(await read({ framed: true, mergeFrames: true })).toBe(frame(1, "a\nb\n") + frame(2, "e\n"));
  });

  test("puts times and attributes before lines, not before their continuations", async () => {
    const nanos = 1_763_694_245_000_000_001n;
    const records: FakeRecord[] = [
      { text: "x\nha", nanos },
      { text: "lf\n", continues: true, nanos },
    ];
    writeFileSync(path, localFile(0, records));
    const time = "2025-11-21T03:04:05.000000001Z";
    expect(await read({ timestamps: true })).toBe(`${time} x\n${time} half\n`);
    expect(await read({ details: true, attrs: { a: "b c" } })).toBe("a=b%20c x\na=b%20c half\n");
  });

  test("keeps to since and until", async () => {
    writeFileSync(
      path,
      localFile(
        0,
        [1n, 2n, 3n].map((nanos) => ({ text: `${nanos}\n`, nanos })),
      ),
    );
    expect(await read({ since: 2n })).toBe("2\n3\n");
    expect(await read({ until: 2n })).toBe("1\n2\n");
  });

  test("ends where a crash cut a record, and goes on in the next file", async () => {
    const torn = localFile(0, [{ text: "whole\n" }, { text: "torn\n" }]);
    writeFileSync(`${path}.1`, torn.subarray(0, torn.length - 3));
    writeFileSync(path, Buffer.concat([localFile(sizeOfRecords(torn), []), localRecord({ text: "next\n" })]));
    expect(await read()).toBe("whole\nnext\n");
    expect(await read({}, 1)).toBe("next\n");
    expect(await read({}, 2)).toBe("whole\nnext\n");
  });
});

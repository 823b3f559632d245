import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AT, O } from "../ffi/constants.ts";
import { close, openat, pwrite } from "./at.ts";
import { copyContents } from "./copy.ts";

describe("copyContents()", () => {
  let directory: string;
  beforeEach(() => {
    directory = mkdtempSync(join(tmpdir(), "wharf-copy-"));
  });
  afterEach(() => rmSync(directory, { recursive: true }));

  function copy(from: string, to: string): void {
    const source = openat(AT.FDCWD, from, O.RDONLY);
    const target = openat(AT.FDCWD, to, O.WRONLY | O.CREAT | O.EXCL, 0o600);
    copyContents(source, target, statSync(from).size);
    close(target);
    close(source);
  }

  test.each([
    { title: "on one file system", to: () => join(directory, "to") },
    { title: "to another file system", to: () => `/dev/shm/wharf-copy-${process.pid}` },
  ])("copies every byte $title", ({ to }) => {
    const from = join(directory, "from");
    const bytes = Buffer.from(Array.from({ length: 3_000_000 }, (_, i) => i * 31));
    writeFileSync(from, bytes);
    const target = to();
    try {
      copy(from, target);
      expect(bytes.equals(readFileSync(target))).toBe(true);
    } finally {
      rmSync(target, { force: true });
    }
  });

  test("leaves holes as holes", () => {
    const from = join(directory, "from");
    writeFileSync(from, "head");
    truncateSync(from, 64 << 20);
    const fd = openat(AT.FDCWD, from, O.WRONLY);
    pwrite(fd, Buffer.from("middle"), 0, 6, 32 << 20);
    close(fd);
    copy(from, join(directory, "to"));
    const copied = statSync(join(directory, "to"));
    expect(copied.size).toBe(64 << 20);
    expect(copied.blocks * 512).toBeLessThan(1 << 20);
    const text = readFileSync(join(directory, "to"));
    expect(text.toString("latin1", 0, 5)).toBe("head\0");
    expect(text.toString("latin1", 32 << 20, (32 << 20) + 7)).toBe("middle\0");
  });

  test("copies an empty file and one that is all hole", () => {
    for (const sizeBytes of [0, 1 << 20]) {
      const from = join(directory, `from-${sizeBytes}`);
      writeFileSync(from, "");
      truncateSync(from, sizeBytes);
      copy(from, join(directory, `to-${sizeBytes}`));
      expect(statSync(join(directory, `to-${sizeBytes}`)).size).toBe(sizeBytes);
    }
  });
});

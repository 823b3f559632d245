import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { cleanRanges, releaseProgramPages } from "./program-pages.ts";

const mapping = (range: string, access: string, path: string, dirty: number) =>
  `${range} ${access} 00000000 fe:00 77 ${" ".repeat(20)}${path}\nRss: 8 kB\nPrivate_Dirty:${String(dirty).padStart(10)} kB\n`;

test("cleanRanges() takes the program's unwritten pages and nothing else", () => {
  const smaps = [
    mapping("1000-3000", "r-xp", "/bin/wharf", 0),
    mapping("3000-4000", "r--p", "/bin/wharf", 12), // relocated
    mapping("4000-5000", "rw-p", "/bin/wharf", 0),
    mapping("5000-6000", "r-xp", "/lib/libc.so.6", 0),
    mapping("6000-7000", "r--p", "/bin/wharf", 0),
  ].join("");
  expect(cleanRanges(smaps, "/bin/wharf")).toEqual([
    { from: 0x1000, to: 0x3000 },
    { from: 0x6000, to: 0x7000 },
  ]);
});

test("releaseProgramPages() makes this process smaller and leaves it running", () => {
  const residentKiB = () => Number(/^RssFile:\s+(\d+)/m.exec(readFileSync("/proc/self/status", "utf8"))![1]);
  const before = residentKiB();
  releaseProgramPages();
  expect(residentKiB()).toBeLessThan(before);
  expect([3, 1, 2].sort()).toEqual([1, 2, 3]);
});

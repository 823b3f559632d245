import { describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { ERRNO_TABLE } from "./errno-table.ts";
import { SYSCALLS } from "./numbers.ts";

const X64_HEADER = "/usr/include/x86_64-linux-gnu/asm/unistd_64.h";
const GENERIC_HEADER = "/usr/include/asm-generic/unistd.h";
const ERRNO_HEADERS = ["/usr/include/asm-generic/errno-base.h", "/usr/include/asm-generic/errno.h"];

describe.skipIf(!existsSync(GENERIC_HEADER))("the tables agree with the kernel's headers", () => {
  test.skipIf(!existsSync(X64_HEADER))("SYSCALLS has x86-64's numbers", () => {
    const defined = numbersIn(X64_HEADER, /^#define __NR_(\w+) (\d+)$/gm);
    for (const [name, [x64]] of Object.entries(SYSCALLS))
      expect([name, defined.get(name)]).toEqual([name, x64]);
  });

  test("SYSCALLS has aarch64's numbers, which are the generic ones", () => {
    const defined = numbersIn(GENERIC_HEADER, /^#define __NR(?:3264)?_(\w+) (\d+)$/gm);
    for (const [name, [, arm64]] of Object.entries(SYSCALLS)) {
      expect([name, defined.get(name)]).toEqual([name, arm64]);
    }
  });

  test("ERRNO_TABLE names every number", () => {
    for (const header of ERRNO_HEADERS) {
      for (const [name, number] of numbersIn(header, /^#define\s+(E\w+)\s+(\d+)\s/gm)) {
        expect([number, ERRNO_TABLE[number]?.[0]]).toEqual([number, name]);
      }
    }
  });
});

function numbersIn(header: string, pattern: RegExp): Map<string, number> {
  const found = [...readFileSync(header, "utf8").matchAll(pattern)];
  return new Map(found.map(([, name, number]) => [name as string, Number(number)]));
}

import { expect, test } from "bun:test";
import { tmpfsOptions } from "./tmpfs.ts";

const CASES = [
  { text: "", options: ["noexec", "nosuid", "nodev"] },
  { text: "exec", options: ["nosuid", "nodev", "exec"] },
  { text: "rw,ro,rw", options: ["noexec", "nosuid", "nodev", "rw"] },
  { text: "size=1m,size=64m,mode=1777", options: ["noexec", "nosuid", "nodev", "size=64m", "mode=1777"] },
  { text: "noexec", options: ["nosuid", "nodev", "noexec"] },
];

for (const { text, options } of CASES)
  test(`tmpfsOptions("${text}")`, () => {
    expect(tmpfsOptions(text)).toEqual(options);
  });

for (const text of ["bogus", "size", "exec=1", "lowerdir=/etc"])
  test(`tmpfsOptions() refuses ${text}`, () => {
    expect(() => tmpfsOptions(text)).toThrow(`invalid tmpfs option ["${text}"]`);
  });

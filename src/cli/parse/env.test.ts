import { expect, test } from "bun:test";
import { keyValues, parseKeyValueFile, resolveEnv } from "./env.ts";

test("resolveEnv() takes the value of a bare name from here, and leaves it bare without one", () => {
  expect(["A=1", "HOME", "NOPE"].map((text) => resolveEnv(text, { HOME: "/root" }))).toEqual([
    "A=1",
    "HOME=/root",
    "NOPE",
  ]);
});

test("parseKeyValueFile() skips comments and drops names that are not set", () => {
  expect(parseKeyValueFile("\ufeffA=1\n# c\n\n  B=2 \nHOME\nNOPE\nC=\r\n", { HOME: "/root" })).toEqual([
    "A=1",
    "B=2 ",
    "HOME=/root",
    "C=",
  ]);
});

test("parseKeyValueFile() names the variable that has spaces", () => {
  expect(() => parseKeyValueFile("a b=1", {})).toThrow("variable 'a b' contains whitespaces");
  expect(() => parseKeyValueFile("=1", {})).toThrow("no variable name on line '=1'");
});

test("keyValues() splits at the first =", () => {
  expect(keyValues(["a=b=c", "d"])).toEqual({ a: "b=c", d: "" });
});

import { describe, expect, test } from "bun:test";
import { InvalidArgument } from "#base/errors.ts";
import { DetachMatcher, parseDetachKeys } from "./detach-keys.ts";

describe("parseDetachKeys()", () => {
  const table = {
    "": [16, 17],
    "ctrl-p,ctrl-q": [16, 17],
    "ctrl-a,d": [1, 100],
    "ctrl-@,ctrl-_": [0, 31],
    x: [120],
  };
  for (const [text, bytes] of Object.entries(table))
    test(`reads ${JSON.stringify(text)}`, () => {
      expect([...parseDetachKeys(text)]).toEqual(bytes);
    });

  for (const text of ["ctrl-", "ctrl-1", "ab", "ctrl-p,", "é"])
    test(`refuses ${text}`, () => {
      expect(() => parseDetachKeys(text)).toThrow(InvalidArgument);
    });
});

describe("DetachMatcher", () => {
  const feed = (matcher: DetachMatcher, ...texts: string[]) =>
    texts.map((text) => {
      const { input, detached } = matcher.push(Buffer.from(text));
      return Buffer.from(input).toString() + (detached ? "!" : "");
    });

  test("lets ordinary input pass", () => {
    expect(feed(new DetachMatcher(parseDetachKeys("")), "ls\n", "exit\n")).toEqual(["ls\n", "exit\n"]);
  });

  test("finds the sequence over chunk borders and drops what follows", () => {
    expect(feed(new DetachMatcher(parseDetachKeys("")), "a\x10", "\x11b")).toEqual(["a", "!"]);
  });

  test("gives held bytes back when the sequence is not completed", () => {
    expect(feed(new DetachMatcher(parseDetachKeys("")), "\x10", "x\x10", "\x10\x11")).toEqual([
      "",
      "\x10x",
      "\x10!",
    ]);
  });

  test("finds a sequence that begins with a repeated key", () => {
    expect(feed(new DetachMatcher(parseDetachKeys("a,b")), "aab")).toEqual(["a!"]);
  });
});

import { expect, test } from "bun:test";
import { matchesPath } from "./glob.ts";

const cases: { pattern: string; text: string; fits: boolean }[] = [
  { pattern: "debian:*", text: "debian:12", fits: true },
  { pattern: "debian", text: "debian:12", fits: false },
  { pattern: "*", text: "org/app", fits: false },
  { pattern: "*/*", text: "org/app", fits: true },
  { pattern: "b?sybox", text: "busybox", fits: true },
  { pattern: "a?b", text: "a/b", fits: false },
  { pattern: "[a-c]x", text: "bx", fits: true },
  { pattern: "[^a-c]x", text: "bx", fits: false },
  { pattern: "*[^a]*b", text: "x/yb", fits: true },
  { pattern: "\\*", text: "*", fits: true },
  { pattern: "\\*", text: "a", fits: false },
  { pattern: "", text: "", fits: true },
  { pattern: "**", text: "", fits: true },
];

test.each(cases)("matchesPath() says $fits for $pattern against $text", ({ pattern, text, fits }) => {
  expect(matchesPath(pattern, text)).toBe(fits);
});

test.each(["[", "[]", "[a", "[-a]", "[a-]", "\\"])(
  "matchesPath() refuses the broken pattern %s",
  (pattern) => {
    expect(() => matchesPath(pattern, "a")).toThrow("syntax error in pattern");
  },
);

test("matchesPath() answers soon for a pattern made to be slow", () => {
  expect(matchesPath("*a".repeat(60), `${"a".repeat(400)}b`)).toBe(false);
});

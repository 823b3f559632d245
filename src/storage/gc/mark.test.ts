import { expect, test } from "bun:test";
import { reachable } from "./mark.ts";

test("reachable() follows references from every root, also in rings", () => {
  const next: Record<string, string[]> = { a: ["b", "c"], c: ["d"], d: ["a"], x: ["y"] };
  const from = (...roots: string[]) => [...reachable(roots, (digest) => next[digest] ?? [])].toSorted();
  expect(from("a")).toEqual(["a", "b", "c", "d"]);
  expect(from("b", "x")).toEqual(["b", "x", "y"]);
  expect(from()).toEqual([]);
});

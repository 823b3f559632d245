import { describe, expect, test } from "bun:test";
import { parseDirection } from "./arguments.ts";
import { absolutePath, followedPath, planCopy, renamed, splitEntry } from "./plan.ts";

const file = { path: "/src/f", isDirectory: false };
const directory = { path: "/src/d", isDirectory: true };

describe("planCopy()", () => {
  test.each([
    {
      title: "a file into a directory",
      source: file,
      target: { path: "/t", exists: true, isDirectory: true },
      plan: { directory: "/t" },
    },
    {
      title: "a file over a file",
      source: file,
      target: { path: "/t/x", exists: true, isDirectory: false },
      plan: { directory: "/t", rename: { from: "f", to: "x" } },
    },
    {
      title: "a directory under a new name",
      source: directory,
      target: { path: "/t/new/", exists: false, isDirectory: false },
      plan: { directory: "/t", rename: { from: "d", to: "new" } },
    },
    {
      title: "what a directory holds under a new name",
      source: { path: "/src/d/.", isDirectory: true },
      target: { path: "/t/new", exists: false, isDirectory: false },
      plan: { directory: "/t", rename: { from: ".", to: "new" } },
    },
    {
      title: "what a link led to",
      source: { ...file, rebaseName: "link" },
      target: { path: "/t/x", exists: false, isDirectory: false },
      plan: { directory: "/t", rename: { from: "link", to: "x" } },
    },
  ])("$title", ({ source, target, plan }) => {
    expect(planCopy(source, target)).toEqual(plan);
  });

  test("refuses what Docker refuses, in its words", () => {
    const over = { path: "/t/x", exists: true, isDirectory: false };
    expect(() => planCopy(directory, over)).toThrow("cannot copy directory");
    expect(() => planCopy(file, { path: "/t/", exists: false, isDirectory: false })).toThrow(
      "no such directory",
    );
  });
});

test.each([
  ["/a/b", "/a", "b"],
  ["/a/b/", "/a", "b"],
  ["/a/b/.", "/a/b", "."],
  ["b", ".", "b"],
  ["/", "/", "/"],
  ["/b", "/", "b"],
])("splitEntry(%s)", (path, dir, base) => {
  expect(splitEntry(path)).toEqual({ directory: dir, base });
});

test("renamed() changes whole first parts only", () => {
  expect(renamed("d/f", { from: "d", to: "new" })).toBe("new/f");
  expect(renamed("dd/f", { from: "d", to: "new" })).toBe("dd/f");
  expect(renamed("./f", { from: ".", to: "new" })).toBe("new/f");
  expect(renamed("/bin", { from: "/", to: "new" })).toBe("new/bin");
});

test("absolutePath() and followedPath() keep how a path ends", () => {
  expect(absolutePath("/w", "d/")).toBe("/w/d/");
  expect(absolutePath("/w", "d/.")).toBe("/w/d/.");
  expect(absolutePath("/w", ".")).toBe("/w/.");
  expect(followedPath("/a/link/", "/b/dir")).toEqual({ path: "/b/dir/", rebaseName: "link" });
  expect(followedPath("/a/same", "/b/same")).toEqual({ path: "/b/same" });
});

test("parseDirection() wants one place in a container", () => {
  expect(parseDirection("web:/x", "-")).toEqual({ to: "local", container: "web", path: "/x", target: "-" });
  expect(parseDirection("./a:b", "web:/x")).toMatchObject({ to: "container", source: "./a:b" });
  expect(() => parseDirection("a:/x", "b:/y")).toThrow("copying between containers is not supported");
  expect(() => parseDirection("a", "b")).toThrow("must specify at least one container source");
});

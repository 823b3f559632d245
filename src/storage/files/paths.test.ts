import { expect, test } from "bun:test";
import { joinShown, parseAskedPath } from "./paths.ts";

test.each([
  { path: "/etc/passwd", directory: "/etc/", name: "passwd", shownName: "passwd" },
  { path: "etc/passwd", directory: "/etc/", name: "passwd", shownName: "passwd" },
  { path: "/etc/", directory: "/etc/", name: "", shownName: "etc" },
  { path: "/etc/.", directory: "/etc/", name: "", shownName: "." },
  { path: "/", directory: "/", name: "", shownName: "/" },
  { path: "/.", directory: "/", name: "", shownName: "." },
  { path: ".", directory: "/", name: "", shownName: "." },
  { path: "/a/../../b", directory: "/", name: "b", shownName: "b" },
  { path: "/..", directory: "/", name: "", shownName: "/" },
])("parseAskedPath($path)", ({ path, ...expected }) => {
  expect(parseAskedPath(path)).toEqual(expected);
});

test("joinShown() keeps the root from doubling its slash", () => {
  expect(joinShown("/", "bin")).toBe("/bin");
  expect(joinShown(".", "bin")).toBe("./bin");
});

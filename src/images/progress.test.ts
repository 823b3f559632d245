import { expect, test } from "bun:test";
import { Unavailable } from "#base/errors.ts";
import { errorLine, humanSize, progressBar, progressLine, statusLine } from "./progress.ts";

test.each([
  [0, "0B"],
  [999, "999B"],
  [1000, "1kB"],
  [3623, "3.623kB"],
  [12_345_678, "12.35MB"],
  [1.5e9, "1.5GB"],
])("humanSize() writes %p as %s", (bytes, text) => {
  expect(humanSize(bytes)).toBe(text);
});

test("progressBar() is dockerd's bar", () => {
  expect(progressBar(3623, 3623)).toBe(`[${"=".repeat(50)}>]  3.623kB/3.623kB`);
  expect(progressBar(500, 1000)).toBe(`[${"=".repeat(25)}>${" ".repeat(25)}]     500B/1kB`);
  expect(progressBar(0, 1000)).toBe(`[>${" ".repeat(50)}]       0B/1kB`);
  expect(progressBar(2000, 1000)).toEndWith("]      2kB");
  expect(progressBar(2000, 0)).toBe("     2kB");
});

test("the lines have exactly dockerd's fields", () => {
  expect(progressLine("abc", "Waiting")).toEqual({ status: "Waiting", progressDetail: {}, id: "abc" });
  expect(Object.keys(progressLine("abc", "Downloading", { current: 1, total: 2 }))).toEqual([
    "status",
    "progressDetail",
    "progress",
    "id",
  ]);
  expect(statusLine("Digest: x")).toEqual({ status: "Digest: x" });
  expect(errorLine(new Unavailable("no"))).toEqual({ errorDetail: { message: "no" }, error: "no" });
  expect(errorLine(new Unavailable("no", { hint: "wait" })).error).toBe("no (wait)");
});

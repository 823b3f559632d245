import { describe, expect, test } from "bun:test";
import { decodePath, parseTarget, type Target } from "./target.ts";

describe("parseTarget()", () => {
  const rows: [target: string, parts: Target][] = [
    ["/v1.43/containers/json?all=1", { version: "1.43", path: "/containers/json", query: "all=1" }],
    ["/version", { version: undefined, path: "/version", query: "" }],
    ["/v2.0/info", { version: "2.0", path: "/info", query: "" }],
    ["/v1..2/info", { version: undefined, path: "/v1..2/info", query: "" }],
    ["/vx/info", { version: undefined, path: "/vx/info", query: "" }],
    ["/v1.43", { version: undefined, path: "/v1.43", query: "" }],
    ["//v1.41//info", { version: "1.41", path: "//info", query: "" }],
    ["/a?b=/v1.41/c?d", { version: undefined, path: "/a", query: "b=/v1.41/c?d" }],
  ];
  for (const [target, parts] of rows)
    test(`takes ${target} apart`, () => expect(parseTarget(target)).toEqual(parts));
});

test("decodePath() decodes once and joins doubled slashes", () => {
  expect(decodePath("/images/library%2Fdebian%3A12//json")).toBe("/images/library/debian:12/json");
  expect(decodePath("/containers/%252e")).toBe("/containers/%2e");
  expect(() => decodePath("/%zz")).toThrow("malformed path");
});

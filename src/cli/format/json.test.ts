import { expect, test } from "bun:test";
import { htmlSafeJson, indentJson } from "./json.ts";

test("indentJson() keeps numbers and escapes as written and empty pairs together", () => {
  expect(indentJson('{"a":[1,12345678901234567890],"b":{},"c":[ ],"d":"\\u003c{,}"}', "    ")).toBe(
    '{\n    "a": [\n        1,\n        12345678901234567890\n    ],\n    "b": {},\n    "c": [],\n    "d": "\\u003c{,}"\n}',
  );
});

test("indentJson() puts the prefix before every line but the first", () => {
  expect(indentJson("[1]", " ", ">")).toBe("[\n> 1\n>]");
});

test("htmlSafeJson() escapes what could end a script", () => {
  expect(htmlSafeJson({ a: "0.0.0.0:80->80/tcp & <x>" })).toBe(
    '{"a":"0.0.0.0:80-\\u003e80/tcp \\u0026 \\u003cx\\u003e"}',
  );
});

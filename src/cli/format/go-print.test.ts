import { describe, expect, test } from "bun:test";
import { goFormat, goPrecision, goQuote, goText } from "./go-print.ts";

test("goText() shows values as %v does", () => {
  expect(goText({ b: [1, null], a: { c: "x" } })).toBe("map[a:map[c:x] b:[1 <nil>]]");
  expect(goText(1e21)).toBe("1e+21");
  expect(goText(0.5)).toBe("0.5");
});

test("goQuote() escapes like strconv.Quote", () => {
  expect(goQuote('a"b\\\n\x01ü\u200b')).toBe('"a\\"b\\\\\\n\\x01ü\\u200b"');
});

describe("goFormat()", () => {
  const cases: [format: string, values: unknown[], text: string][] = [
    ["%s-%d", ["a", 1], "a-1"],
    ["%6.2f|%-5s|%05d|%+d", [1.234, "ab", -42, 3], "  1.23|ab   |-0042|+3"],
    ["%x %X %q %t", [255, 255, "a", true], 'ff FF "a" true'],
    ["%d", ["x"], "%!d(string=x)"],
    ["%s %s", ["a"], "a %!s(MISSING)"],
    ["%s", ["a", 1], "a%!(EXTRA number=1)"],
    ["100%%", [], "100%"],
  ];
  for (const [format, values, text] of cases)
    test(`goFormat() writes ${format}`, () => expect(goFormat(format, values)).toBe(text));
});

test("goPrecision() drops trailing zeros and uses exponents like %g", () => {
  expect([1.5, 12, 123.4, 999.9, 0].map((n) => goPrecision(n, 3))).toEqual([
    "1.5",
    "12",
    "123",
    "1e+03",
    "0",
  ]);
});
